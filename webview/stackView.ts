/**
 * Everything that shows one opened stack: puts the parts together and lets them talk.
 * @module
 */
import type { Layer, StackDescription, TileGrid, ViewerPreferences } from "../src/protocol/viewer";
import { Actions } from "./actions";
import { Display } from "./display";
import type { PanePicture } from "./display";
import { element } from "./dom";
import type { Point, Size } from "./draw/geometry";
import { History } from "./history";
import { ViewLink } from "./linking";
import { drawOverlay } from "./overlay/overlay";
import type { OverlayColors } from "./overlay/part";
import { Pane } from "./pane";
import { makeHelp } from "./panels/help";
import type { PanelView } from "./panels/panel";
import { makeSidePanel } from "./panels/side";
import { ContrastSource } from "./pixels/contrast";
import { PictureStore } from "./pixels/pictures";
import { Player } from "./player";
import { makePointer } from "./pointer";
import type { PointerPlace } from "./pointer";
import { Readout } from "./readout";
import { restoreState } from "./restore";
import { paneImage } from "./scene";
import type { PaneName, Shown } from "./scene";
import { makeSliders } from "./sliders";
import { initialLayerLook, withLook } from "./state";
import type { ViewerState } from "./state";
import { makeStatusBar } from "./statusBar";
import { makeToolbar } from "./toolbar";
import type { ViewerDoor } from "./port";

const PICTURE_BYTES = 160 * 2 ** 20;
const REPORT_DELAY_MS = 80;
const FLICKER_MS = 600;

/** What a view is made for. */
export interface StackViewParts {
  readonly door: ViewerDoor;
  readonly description: StackDescription;
  readonly preferences: ViewerPreferences;
  readonly layers: readonly Layer[];
  readonly grids: readonly TileGrid[];
  /** The first picture is on the screen. */
  ready(): void;
  /** All pictures are on the screen. */
  drawn(): void;
  /** The picture cannot be shown. */
  failed(error: unknown): void;
  /** Something else failed. */
  complain(error: unknown): void;
}

/** The view of one stack; replaced when the file changes. */
export class StackView {
  readonly #parts: StackViewParts;
  readonly #history = new History<ViewerState>();
  readonly #panes: Readonly<Record<PaneName, Pane>>;
  readonly #pictures: PictureStore;
  readonly #contrast: ContrastSource;
  readonly #display: Display;
  readonly #readout: Readout;
  readonly #toolbar: ReturnType<typeof makeToolbar>;
  readonly #sliders: ReturnType<typeof makeSliders>;
  readonly #status: ReturnType<typeof makeStatusBar>;
  readonly #side: ReturnType<typeof makeSidePanel>;
  readonly #help = makeHelp();
  readonly #player: Player;
  readonly #link: ViewLink;
  /** What keys, buttons and panels do. */
  readonly actions: Actions;
  #state: ViewerState;
  #layers: readonly Layer[];
  #grids: readonly TileGrid[];
  #pointer: PointerPlace | null;
  #reporting: ReturnType<typeof setTimeout> | null = null;
  #flickering: ReturnType<typeof setInterval> | null = null;
  #isShown = false;
  #isDisposed = false;

  /** @param pointer where the pointer was over the view that this one replaces */
  constructor(parts: StackViewParts, pointer: PointerPlace | null) {
    const { description, preferences, door } = parts;
    const { channel } = door;
    this.#parts = parts;
    this.#pointer = pointer;
    this.#layers = parts.layers;
    this.#grids = parts.grids;
    this.#state = this.#withLayerLooks(restoreState(door.load(), description, preferences));
    this.#pictures = new PictureStore(
      (request, signal) => channel.request("readPlane", request, signal),
      PICTURE_BYTES,
      { arrived: () => this.#display.refresh(), failed: (error) => this.#failed(error) },
    );
    this.#contrast = new ContrastSource((request, signal) => channel.request("contrast", request, signal));
    this.#panes = { xy: this.#makePane("xy"), xz: this.#makePane("xz"), yz: this.#makePane("yz") };
    this.#display = this.#makeDisplay();
    this.#status = makeStatusBar(description, preferences.engine);
    this.#readout = new Readout(channel, this.#display, this.#status);
    this.actions = new Actions({
      description,
      channel,
      display: this.#display,
      panes: this.#panes,
      state: () => this.#state,
      change: (kind, make) => this.change(kind, make),
      undo: () => this.#change(this.#history.undo(this.#state)),
      redo: () => this.#change(this.#history.redo(this.#state)),
      play: (axis) => this.#player.toggle(axis),
      help: () => this.#help.toggle(),
      lastReadout: () => this.#status.lastReadout,
      saveSeries: (index) => door.save({ ...this.#state, series: index }),
      fail: (error) => this.#failed(error),
      complain: (error) => parts.complain(error),
    });
    this.#player = new Player(
      (axis) => this.actions.stepAround(axis),
      (axis) => this.#sliders.showPlaying(axis),
    );
    this.#toolbar = makeToolbar(this.actions, {
      canPredict: preferences.canPredict,
      depth: description.lengths.z,
      channels: description.lengths.c,
    });
    this.#sliders = makeSliders(description, this.actions);
    this.#side = makeSidePanel(this.actions.panelContext());
    this.#link = new ViewLink({
      description,
      channel,
      state: () => this.#state,
      follow: (state) => this.#become(state),
    });
  }

  /** Where the pointer is. */
  get pointer(): PointerPlace | null {
    return this.#pointer;
  }

  /** Puts the view on the page, with `notice` over its picture. */
  attach(root: Element, notice: HTMLElement): void {
    const { name, axes, shape } = this.#parts.description;
    const what = `${name}, ${axes} ${shape.join(" × ")}`;
    for (const pane of Object.values(this.#panes))
      pane.canvas.setAttribute("aria-label", `${pane.name.toUpperCase()} picture of ${what}`);
    const stage = element("main", { id: "stage" });
    stage.append(...Object.values(this.#panes).map((pane) => pane.element), notice);
    const middle = element("div", { id: "middle" }, stage, this.#side.element);
    root.replaceChildren(
      this.#toolbar.element,
      middle,
      this.#sliders.element,
      this.#status.element,
      this.#help.element,
    );
    this.#showState();
    this.#link.changed();
  }

  /** Changes what is shown; changes of one `kind` in quick succession are one step for undo. */
  change(kind: string, make: (state: ViewerState) => ViewerState): void {
    const next = make(this.#state);
    if (next === this.#state) return;
    this.#history.leave(this.#state, kind);
    this.#change(next);
  }

  /** Layers were added, removed or changed; `compare` is the one to compare with from now on. */
  showLayers(layers: readonly Layer[], compare: number | null): void {
    this.#layers = layers;
    this.#contrast.reset();
    this.#pictures.reset();
    const there = (layer: number): boolean => layers.some((one) => one.layer === layer);
    const comparison =
      compare !== null && there(compare)
        ? { layer: compare, mode: this.#state.comparison?.mode ?? ("swipe" as const), at: 0.5, limit: null }
        : this.#state.comparison !== null && there(this.#state.comparison.layer)
          ? this.#state.comparison
          : null;
    this.#become({ ...this.#state, comparison });
  }

  showGrids(grids: readonly TileGrid[]): void {
    this.#grids = grids;
    this.#showState();
  }

  /** The file changed, or the page shows another stack: what was read of it is worth nothing. */
  dispose(): void {
    this.#isDisposed = true;
    this.#player.stop();
    this.#display.dispose();
    this.#link.dispose();
    this.#readout.dispose();
    this.#side.dispose();
    this.#pictures.reset();
    this.#contrast.reset();
    for (const pane of Object.values(this.#panes)) pane.dispose();
    if (this.#reporting !== null) clearTimeout(this.#reporting);
    if (this.#flickering !== null) clearInterval(this.#flickering);
  }

  /** What still fails of a view that was replaced is no fault of the one that is shown. */
  #failed(error: unknown): void {
    if (!this.#isDisposed) this.#parts.failed(error);
  }

  get #shown(): Shown {
    return { description: this.#parts.description, layers: this.#layers };
  }

  #makePane(name: PaneName): Pane {
    return new Pane(
      name,
      makePointer(name, {
        actions: () => this.actions,
        display: () => this.#display,
        refresh: () => this.#display.refresh(),
        hovered: (place) => {
          this.#pointer = place;
          this.#readout.show(place, this.#state);
          this.#drawOverAll();
        },
      }),
    );
  }

  #makeDisplay(): Display {
    return new Display(
      {
        panes: this.#panes,
        pictures: this.#pictures,
        contrast: this.#contrast,
        drawn: () => this.#drawn(),
        drawOver: (pane, picture) => this.#drawOver(pane, picture),
        busy: (isBusy) => this.#status.showBusy(isBusy),
        failed: (error) => this.#failed(error),
      },
      this.#state,
      this.#shown,
    );
  }

  /** Layers that are new get a look. */
  #withLayerLooks(state: ViewerState): ViewerState {
    const fresh = this.#layers.filter(({ layer }) => !Object.hasOwn(state.layers, String(layer)));
    if (fresh.length === 0) return state;
    const looks = fresh.map(({ layer, description }) => [layer, initialLayerLook(description)] as const);
    return { ...state, layers: { ...state.layers, ...Object.fromEntries(looks) } };
  }

  /** The user changed the state: linked viewers follow. */
  #change(state: ViewerState | null): void {
    this.#become(state);
    this.#link.changed();
  }

  #become(state: ViewerState | null): void {
    // A drag or an answer may come after the view was replaced.
    if (state === null || this.#isDisposed) return;
    // A state from before a layer came knows nothing of it.
    this.#state = this.#withLayerLooks(state);
    this.#parts.door.save({ ...this.#state, series: this.#parts.description.series.index });
    this.#showState();
  }

  #showState(): void {
    const state = this.#state;
    document.body.dataset.layout = state.isOrthogonal ? "orthogonal" : "plane";
    this.#toolbar.show(state);
    this.#toolbar.showZoom(this.#display.view.zoom);
    this.#sliders.show(state);
    this.#setFlickering(state.comparison?.mode === "flicker");
    this.#display.show(state, this.#shown);
    this.#side.show(this.#panelView());
  }

  #panelView(): PanelView {
    return {
      state: this.#state,
      layers: this.#layers,
      grids: this.#grids,
      limitsOf: (channel) => this.#display.limitsOf(channel),
      extremesOf: (channel) => this.#display.extremesOf(channel),
      picture: (pane) => this.#display.picture(pane),
      visible: this.#display.visible,
    };
  }

  #drawn(): void {
    this.#parts.drawn();
    this.#keepFirstLimits();
    const { c } = this.#state.plane;
    const limits = this.#display.limitsOf(c);
    if (limits !== null) this.#toolbar.showContrast(limits, this.#display.extremesOf(c));
    this.#toolbar.showZoom(this.#display.view.zoom);
    this.#side.show(this.#panelView());
    this.#readout.show(this.#pointer, this.#state);
    this.#report();
    this.#player.drawn();
    if (!this.#isShown) this.#parts.ready();
    this.#isShown = true;
  }

  /** With kept contrast, the limits of the first plane of a channel are those of all. */
  #keepFirstLimits(): void {
    if (!this.#state.keepContrast) return;
    let state = this.#state;
    for (const [channel, look] of state.channels.entries()) {
      const shown = this.#display.limitsOf(channel);
      if (look.limits !== null || shown === null) continue;
      state = withLook(state, channel, { limits: { low: shown.low, high: shown.high } });
    }
    if (state !== this.#state) this.#become(state);
  }

  #setFlickering(isOn: boolean): void {
    if (isOn === (this.#flickering !== null)) return;
    if (this.#flickering !== null) clearInterval(this.#flickering);
    const isCalm = matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.#flickering = isOn && !isCalm ? setInterval(() => this.#display.flicker(), FLICKER_MS) : null;
  }

  #drawOverAll(): void {
    for (const pane of Object.values(this.#panes))
      if (pane.name === "xy" || this.#state.isOrthogonal)
        this.#drawOver(pane.name, this.#display.picture(pane.name));
  }

  #drawOver(name: PaneName, picture: PanePicture | null): void {
    const pane = this.#panes[name];
    const { description } = this.#parts;
    const state = this.#state;
    const hovered: Point | null =
      this.#pointer?.pane === name ? this.#display.placeAt(name, this.#pointer.at) : null;
    const screen = this.#display.screen(name);
    const draw = (context: CanvasRenderingContext2D, isOther: boolean): void =>
      drawOverlay(context, {
        pane: name,
        screen,
        image: paneImage(name, description.lengths),
        placement: this.#display.placement(name),
        aspect: this.#display.aspect,
        state,
        description,
        picture: picture !== null && isOther ? othersFirst(picture) : picture,
        grids: this.#grids,
        layers: this.#layers,
        isOther,
        hovered,
        colors: themeColors(),
      });
    const sides = this.#display.sides(name);
    pane.drawOver((context) => {
      if (sides.length === 1) draw(context, state.comparison?.mode === "flicker" && this.#display.isOther);
      else for (const left of sides) inPart(context, { left, ...screen }, () => draw(context, left > 0));
    });
  }

  #report(): void {
    if (this.#reporting !== null) clearTimeout(this.#reporting);
    this.#reporting = setTimeout(() => {
      const { report } = this.#display;
      if (report !== null) this.#parts.door.channel.emit("viewChanged", report);
    }, REPORT_DELAY_MS);
  }
}

/** A picture of which the other stack is the undermost, whose values are printed. */
function othersFirst({ cooked, placement }: PanePicture): PanePicture {
  const isOther = ({ role }: PanePicture["cooked"][number]): boolean => role === "other";
  return { placement, cooked: [...cooked.filter(isOther), ...cooked.filter((one) => !isOther(one))] };
}

function inPart(
  context: CanvasRenderingContext2D,
  { left, width, height }: Size & { readonly left: number },
  draw: () => void,
): void {
  context.save();
  context.beginPath();
  context.rect(left, 0, width, height);
  context.clip();
  context.translate(left, 0);
  draw();
  context.restore();
}

function themeColors(): OverlayColors {
  const style = getComputedStyle(document.body);
  const color = (name: string, otherwise: string): string => style.getPropertyValue(name).trim() || otherwise;
  return {
    accent: color("--vscode-charts-yellow", "#e5c07b"),
    warning: color("--vscode-charts-red", "#f14c4c"),
  };
}
