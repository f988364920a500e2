/**
 * The slice viewer: puts the parts together and lets them talk. Draws and asks; computes nothing that has units.
 * @module
 */
import { TilewrightError } from "../src/errors";
import { Channel } from "../src/protocol/channel";
import type { Host, StackDescription, Viewer, ViewerPreferences } from "../src/protocol/viewer";
import { ContrastSource } from "./contrast";
import { Display } from "./display";
import { clampZoom, panBy, zoomAt } from "./geometry";
import type { Point } from "./geometry";
import { listenToKeys } from "./keyboard";
import { Notice } from "./notice";
import { PlaneSource } from "./planes";
import { openHostDoor } from "./port";
import { makeSliders } from "./sliders";
import { Stage } from "./stage";
import { restoreState, samePlane, savedSeries, stepPlane, withLimits } from "./state";
import type { SlidingAxis, ViewerState } from "./state";
import { makeStatusBar } from "./statusBar";
import { makeToolbar } from "./toolbar";

const PICTURE_BYTES = 96 * 2 ** 20;
const PIXEL_BYTES = 2 ** 16;
const REPORT_DELAY_MS = 80;
const LOADING_DELAY_MS = 200;

const door = openHostDoor();
const channel = new Channel<Viewer, Host>(door, {});
const notice = new Notice();
const started = performance.now();

window.addEventListener("securitypolicyviolation", (event) => {
  channel.emit("cspViolation", { directive: event.effectiveDirective, blocked: event.blockedURI });
});
window.addEventListener("error", (event) => {
  channel.emit("fault", { message: event.message });
});
window.addEventListener("unhandledrejection", (event) => {
  channel.emit("fault", { message: String(event.reason) });
});

function showFailure(error: unknown, retry: () => void): void {
  const message = error instanceof Error ? error.message : String(error);
  const hint = error instanceof TilewrightError ? error.hint : undefined;
  document.body.dataset.state = "error";
  notice.showError({
    message,
    ...(hint === undefined ? {} : { hint }),
    actions: [
      { id: "retry", text: "Retry", press: retry },
      {
        id: "show-log",
        text: "Show Log",
        press: () => void channel.request("runCommand", { command: "showLog" }),
      },
      {
        id: "open-as-text",
        text: "Open with Another Editor…",
        press: () => void channel.request("runCommand", { command: "openAsText" }),
      },
    ],
  });
}

/** Everything that shows one opened stack; replaced when the file changes. */
class StackView {
  readonly #description: StackDescription;
  readonly #stage: Stage;
  readonly #display: Display;
  readonly #planes: PlaneSource;
  readonly #contrast: ContrastSource;
  readonly #toolbar: ReturnType<typeof makeToolbar>;
  readonly #sliders: ReturnType<typeof makeSliders>;
  readonly #status: ReturnType<typeof makeStatusBar>;
  #state: ViewerState;
  #pointer: Point | null;
  #reporting: ReturnType<typeof setTimeout> | null = null;
  #isShown = false;

  /** @param pointer where the pointer was over the view that this one replaces */
  constructor(description: StackDescription, preferences: ViewerPreferences, pointer: Point | null) {
    this.#description = description;
    this.#pointer = pointer;
    this.#state = restoreState(door.load(), description.lengths, preferences);
    this.#planes = new PlaneSource(
      (request, signal) => channel.request("readPlane", request, signal),
      PICTURE_BYTES,
    );
    this.#contrast = new ContrastSource((request) => channel.request("contrast", request));
    this.#toolbar = makeToolbar(
      {
        run: (command) =>
          void channel.request("runCommand", { command }).catch((error: unknown) => this.#fail(error)),
        autoContrast: () => this.autoContrast(),
        setMethod: (method) => this.#change({ ...this.#state, method, limits: {} }),
        setKeep: (isKept) => this.#keep(isKept),
        setLimits: (limits) => this.#change(withLimits(this.#state, limits)),
        zoomBy: (factor) => this.zoomBy(factor),
        fit: () => this.fit(),
        oneToOne: () => this.oneToOne(),
      },
      preferences.canPredict,
    );
    this.#sliders = makeSliders(description, {
      choosePlane: (axis, index) =>
        this.#change({ ...this.#state, plane: { ...this.#state.plane, [axis]: index } }),
      chooseSeries: (index) => this.#chooseSeries(index),
    });
    this.#status = makeStatusBar(description, preferences.engine);
    this.#stage = this.#makeStage();
    this.#display = this.#makeDisplay();
  }

  /** Where the pointer is over the picture area. */
  get pointer(): Point | null {
    return this.#pointer;
  }

  /** Puts the view on the page. */
  attach(): void {
    const { name, axes, shape } = this.#description;
    this.#stage.canvas.setAttribute("aria-label", `Picture of ${name}, ${axes} ${shape.join(" × ")}`);
    const root = document.querySelector("#app");
    root?.replaceChildren(
      this.#toolbar.element,
      this.#stage.element,
      this.#sliders.element,
      this.#status.element,
    );
    this.#stage.element.append(notice.element);
    this.#change(this.#state);
  }

  step(axis: SlidingAxis, by: number): void {
    this.#change({
      ...this.#state,
      plane: stepPlane(this.#state.plane, axis, by, this.#description.lengths),
    });
  }

  showPlane(plane: ViewerState["plane"]): void {
    const { lengths } = this.#description;
    if (plane.t < lengths.t && plane.z < lengths.z && plane.c < lengths.c)
      this.#change({ ...this.#state, plane });
  }

  jump(axis: SlidingAxis, to: "first" | "last"): void {
    const { lengths } = this.#description;
    this.step(axis, to === "first" ? -lengths[axis] : lengths[axis]);
  }

  zoomBy(factor: number, at?: Point): void {
    const { size } = this.#stage;
    this.#zoomTo(this.#display.view.zoom * factor, at ?? { x: size.width / 2, y: size.height / 2 });
  }

  fit(): void {
    this.#change({ ...this.#state, view: null });
  }

  oneToOne(): void {
    const { size } = this.#stage;
    this.#zoomTo(1 / devicePixelRatio, { x: size.width / 2, y: size.height / 2 });
  }

  autoContrast(): void {
    this.#display.autoLimits().then(
      (limits) => {
        const { keepContrast, plane } = this.#state;
        const kept = keepContrast
          ? { ...this.#state.limits, [plane.c]: { low: limits.low, high: limits.high } }
          : {};
        this.#change({ ...this.#state, method: "auto", limits: kept });
      },
      (error: unknown) => this.#fail(error),
    );
  }

  /** The file changed: what was read of it is worth nothing. */
  dispose(): void {
    this.#planes.reset();
    this.#contrast.reset();
    if (this.#reporting !== null) clearTimeout(this.#reporting);
  }

  #makeStage(): Stage {
    return new Stage({
      resized: () => this.#display.refresh(),
      dragged: (by) => this.#change({ ...this.#state, view: panBy(this.#display.view, by, this.#image) }),
      wheeled: (factor, at) => this.zoomBy(factor, at),
      sliceWheeled: (by) => this.step("z", by),
      hovered: (at) => {
        this.#pointer = at;
        this.#readPixel();
      },
    });
  }

  #makeDisplay(): Display {
    return new Display(
      {
        stage: this.#stage,
        planes: this.#planes,
        pixels: new PlaneSource(
          (request, signal) => channel.request("readPlane", request, signal),
          PIXEL_BYTES,
        ),
        contrast: this.#contrast,
        description: this.#description,
        drawn: (limits, extremes) => {
          this.#toolbar.showContrast(limits, extremes);
          this.#drawn();
        },
        busy: (isBusy) => this.#status.showBusy(isBusy),
        failed: (error) => this.#fail(error),
      },
      this.#state,
    );
  }

  get #image(): { readonly width: number; readonly height: number } {
    return { width: this.#description.lengths.x, height: this.#description.lengths.y };
  }

  #zoomTo(zoom: number, at: Point): void {
    const { size } = this.#stage;
    const view = zoomAt(this.#display.view, clampZoom(zoom, this.#image, size), at, size);
    this.#change({ ...this.#state, view: panBy(view, { x: 0, y: 0 }, this.#image) });
  }

  #keep(isKept: boolean): void {
    const shown = this.#display.limits;
    const limits =
      isKept && shown !== null ? { [this.#state.plane.c]: { low: shown.low, high: shown.high } } : {};
    this.#change({ ...this.#state, keepContrast: isKept, limits });
  }

  #change(state: ViewerState): void {
    const isNewPlane = !samePlane(state.plane, this.#state.plane);
    this.#state = state;
    this.#save(this.#description.series.index);
    this.#sliders.show(state.plane);
    this.#toolbar.showMethod(state.method, state.keepContrast);
    this.#display.show(state);
    this.#toolbar.showZoom(this.#display.view.zoom * devicePixelRatio);
    if (isNewPlane) this.#readPixel();
    this.#report();
  }

  #drawn(): void {
    notice.hide();
    document.body.dataset.state = "ready";
    this.#toolbar.showZoom(this.#display.view.zoom * devicePixelRatio);
    this.#keepFirstLimits();
    this.#readPixel();
    this.#report();
    if (!this.#isShown) channel.emit("ready", { milliseconds: performance.now() - started });
    this.#isShown = true;
  }

  /** With kept contrast, the limits of the first plane of a channel are those of all. */
  #keepFirstLimits(): void {
    const { keepContrast, limits, plane } = this.#state;
    const shown = this.#display.limits;
    if (!keepContrast || shown === null || Object.hasOwn(limits, String(plane.c))) return;
    this.#state = { ...this.#state, limits: { ...limits, [plane.c]: { low: shown.low, high: shown.high } } };
    this.#save(this.#description.series.index);
    this.#display.show(this.#state);
  }

  #save(series: number): void {
    door.save({ ...this.#state, series });
  }

  #chooseSeries(index: number): void {
    if (index === this.#description.series.index) return;
    this.#save(index);
    channel.request("chooseSeries", { index }).catch((error: unknown) => this.#fail(error));
  }

  #readPixel(): void {
    const { plane } = this.#state;
    if (this.#pointer === null) this.#status.showPixel(null, plane, null);
    else {
      this.#display.readPixel(this.#pointer, (pixel, value) => {
        if (samePlane(plane, this.#state.plane)) this.#status.showPixel(pixel, plane, value);
      });
    }
  }

  #report(): void {
    if (this.#reporting !== null) clearTimeout(this.#reporting);
    this.#reporting = setTimeout(() => {
      const { report } = this.#display;
      if (report !== null) channel.emit("viewChanged", report);
    }, REPORT_DELAY_MS);
  }

  #fail(error: unknown): void {
    this.#stage.clear();
    showFailure(error, () => void open());
  }
}

let current: StackView | null = null;

/** The stack of the file that was looked at before the window was reloaded, or the first. */
async function describeRemembered(): Promise<StackDescription> {
  const description = await channel.request("describe", undefined);
  const index = savedSeries(door.load(), description.series.count);
  if (current !== null || index === null || index === description.series.index) return description;
  await channel.request("chooseSeries", { index });
  return channel.request("describe", undefined);
}

/** Asks the host what the stack is, and shows it. */
async function open(): Promise<void> {
  const slow = setTimeout(() => notice.showLoading("Opening…"), LOADING_DELAY_MS);
  document.body.dataset.state = "loading";
  if (!notice.element.isConnected) document.querySelector("#app")?.append(notice.element);
  try {
    const preferences = await channel.request("preferences", undefined);
    const description = await describeRemembered();
    const focused = document.activeElement?.id ?? "";
    current?.dispose();
    current = new StackView(description, preferences, current?.pointer ?? null);
    current.attach();
    // Not while the user is elsewhere: a list that is open at the top of the window would lose the keyboard.
    if (focused !== "" && document.hasFocus()) document.getElementById(focused)?.focus();
  } catch (error) {
    showFailure(error, () => void open());
  } finally {
    clearTimeout(slow);
  }
}

listenToKeys({
  step: (axis, by) => current?.step(axis, by),
  jump: (axis, to) => current?.jump(axis, to),
  zoomBy: (factor) => current?.zoomBy(factor),
  fit: () => current?.fit(),
  oneToOne: () => current?.oneToOne(),
  autoContrast: () => current?.autoContrast(),
});
channel.on("stackChanged", () => void open());
channel.on("showPlane", ({ plane }) => current?.showPlane(plane));
void open();
