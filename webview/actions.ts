/**
 * What keys, buttons, panels and the pointer do to a view: each is a change of its state, or a request to the host.
 * @module
 */
import { isAbort } from "../src/errors";
import { PROJECTION_METHODS, USUAL_PERCENTILES } from "../src/protocol/viewer";
import type { ContrastMethod, PlaneIndex, ProjectionMethod, ViewerCommand } from "../src/protocol/viewer";
import type { Place } from "../src/diagnose/diagnosis";
import type { Interval } from "../src/volume/region";
import type { Display } from "./display";
import { clampZoom, panBy, zoomAt } from "./draw/geometry";
import type { Point } from "./draw/geometry";
import type { Limits } from "./draw/renderer";
import { Exporter } from "./export";
import type { ExportParts } from "./export";
import type { KeyActions } from "./keys";
import type { PanelContext } from "./panels/panel";
import { withPlace } from "./places";
import type { PaneName } from "./scene";
import { paneImage, withCut } from "./scene";
import { movedLine, movedRectangle, spanOf } from "./shapes";
import type { Grip } from "./shapes";
import type { SliderActions } from "./sliders";
import { COMPARE_MODES, initialLook, modesOf, stepPlane, withLimits, withLook, withoutLimits } from "./state";
import type { DisplayMode, SlidingAxis, Tool, ViewerState } from "./state";
import type { ToolbarActions } from "./toolbar";

/** What actions act on. */
export interface ActionParts extends ExportParts {
  readonly display: Display;
  undo(): void;
  redo(): void;
  play(axis: SlidingAxis): void;
  help(): void;
  /** Remembers which series to show after a reload. */
  saveSeries(index: number): void;
  fail(error: unknown): void;
}

/** The actions of one view. */
export class Actions implements KeyActions, ToolbarActions, SliderActions {
  readonly #parts: ActionParts;
  readonly #exporter: Exporter;

  constructor(parts: ActionParts) {
    this.#parts = parts;
    this.#exporter = new Exporter(parts);
  }

  /** What is shown now. */
  get state(): ViewerState {
    return this.#parts.state();
  }

  /** What the pages of the side panel may do. */
  panelContext(): PanelContext {
    const { description, channel } = this.#parts;
    return {
      description,
      channel,
      change: (kind, make) => this.#change(kind, make),
      complain: (error) => this.#parts.complain(error),
      autoContrast: () => this.autoContrast(),
      resetContrast: () => this.resetContrast(),
      flicker: () => this.flicker(),
      savePicture: () => this.savePicture(),
      saveViews: () => this.saveViews(),
      saveMovie: () => this.saveMovie(),
      copyValues: () => this.copyValues(),
    };
  }

  run(command: ViewerCommand): void {
    this.#parts.channel
      .request("runCommand", { command })
      .catch((error: unknown) => this.#parts.complain(error));
  }

  undo(): void {
    this.#parts.undo();
  }

  redo(): void {
    this.#parts.redo();
  }

  help(): void {
    this.#parts.help();
  }

  play(axis: SlidingAxis = "z"): void {
    if (this.#parts.description.lengths[axis] > 1) this.#parts.play(axis);
  }

  step(axis: SlidingAxis, by: number): void {
    this.#change(`step ${axis}`, (state) => ({
      ...state,
      plane: stepPlane(state.plane, axis, by, this.#parts.description.lengths),
    }));
  }

  /** One plane on; from the last to the first. */
  stepAround(axis: SlidingAxis): void {
    const length = this.#parts.description.lengths[axis];
    this.choosePlane(axis, (this.state.plane[axis] + 1) % length);
  }

  jump(axis: SlidingAxis, to: "first" | "last"): void {
    const length = this.#parts.description.lengths[axis];
    this.step(axis, to === "first" ? -length : length);
  }

  choosePlane(axis: SlidingAxis, index: number): void {
    this.#change(`step ${axis}`, (state) => ({ ...state, plane: { ...state.plane, [axis]: index } }));
  }

  /** Shows a plane that the host asks for, if the stack has it. */
  showPlane(plane: PlaneIndex): void {
    const { lengths } = this.#parts.description;
    if (plane.t < lengths.t && plane.z < lengths.z && plane.c < lengths.c)
      this.#change("plane", (state) => ({ ...state, plane }));
  }

  /** Shows a place that the host asks for. */
  goTo(place: Place): void {
    const { description, display } = this.#parts;
    const shape = { lengths: description.lengths, screen: display.layout.screen, tall: display.aspect.y };
    this.#change("place", (state) => withPlace(state, place, shape));
  }

  /** Shows another stack of the file. */
  chooseSeries(index: number): void {
    const { description, channel } = this.#parts;
    if (index === description.series.index) return;
    this.#parts.saveSeries(index);
    channel.request("chooseSeries", { index }).catch((error: unknown) => this.#parts.fail(error));
  }

  zoomBy(factor: number, at?: Point): void {
    this.#zoomTo(this.#parts.display.view.zoom * factor, at ?? null);
  }

  fit(): void {
    this.#change("zoom", (state) => ({ ...state, view: null }));
  }

  oneToOne(): void {
    this.#zoomTo(1 / devicePixelRatio, null);
  }

  panBy(by: Point): void {
    const { display } = this.#parts;
    const view = panBy(display.view, by, this.#image, display.aspect.y);
    this.#change("pan", (state) => ({ ...state, view }));
  }

  look(right: number, down: number): void {
    const { width, height } = this.#parts.panes.xy.size;
    this.panBy({ x: -right * width, y: -down * height });
  }

  toggleOrthogonal(): void {
    if (this.#parts.description.lengths.z > 1)
      this.#change("orthogonal", (state) => ({ ...state, isOrthogonal: !state.isOrthogonal }));
  }

  /** Moves the place in which the three views meet. */
  cutAt(pane: PaneName, { x, y }: Point): void {
    const { lengths } = this.#parts.description;
    this.#change("cut", (state) => withCut(state, pane, { x, y }, lengths));
  }

  /** Picks the label under a place, or none. */
  pickAt(at: Point): void {
    if (this.state.mode !== "labels") return;
    const pixel = { x: Math.floor(at.x), y: Math.floor(at.y) };
    const under = this.#parts.display.drawnAt("xy", pixel);
    const label = under === 0 ? null : under;
    this.#change("pick", (state) => ({
      ...state,
      pickedLabel: label === state.pickedLabel ? null : label,
    }));
  }

  setProjection(method: ProjectionMethod | null): void {
    const { z } = this.#parts.description.lengths;
    if (z > 1)
      this.#change("projection", (state) => ({
        ...state,
        projection: method === null ? null : { method, z: state.projection?.z ?? [0, z] },
      }));
  }

  nextProjection(): void {
    const now = this.state.projection?.method;
    const next = now === undefined ? 0 : PROJECTION_METHODS.indexOf(now) + 1;
    this.setProjection(PROJECTION_METHODS[next] ?? null);
  }

  chooseRange(z: Interval): void {
    this.#change("range", (state) =>
      state.projection === null ? state : { ...state, projection: { ...state.projection, z } },
    );
  }

  setMode(mode: DisplayMode): void {
    this.#change("mode", (state) => ({ ...state, mode }));
  }

  nextMode(): void {
    const modes = modesOf(this.#parts.description.lengths.c);
    this.setMode(modes[(modes.indexOf(this.state.mode) + 1) % modes.length]);
  }

  toggleChannel(channel: number): void {
    if (channel < this.#parts.description.lengths.c)
      this.#change(`channel ${channel}`, (state) =>
        withLook(state, channel, { visible: !state.channels[channel].visible }),
      );
  }

  autoContrast(): void {
    const { c } = this.state.plane;
    this.#parts.display.autoLimits().then(
      ({ low, high }) =>
        this.#change("contrast", (state) => {
          const limits = state.keepContrast ? { low, high } : null;
          return { ...withLook(state, c, { limits }), method: "auto" };
        }),
      (error: unknown) => {
        if (!isAbort(error)) this.#parts.fail(error);
      },
    );
  }

  resetContrast(): void {
    const { description } = this.#parts;
    this.#change("contrast", (state) => ({
      ...state,
      method: "minmax",
      percentiles: USUAL_PERCENTILES,
      keepContrast: false,
      channels: state.channels.map((look, channel) => ({
        ...initialLook(description, channel),
        visible: look.visible,
      })),
    }));
  }

  setMethod(method: ContrastMethod): void {
    this.#change("contrast", (state) => ({ ...withoutLimits(state), method }));
  }

  setLimits(limits: Limits): void {
    this.#change("limits", (state) => withLimits(state, state.plane.c, limits));
  }

  setKeep(isKept: boolean): void {
    this.#change("keep", (state) => {
      const shown = this.#parts.display.limitsOf(state.plane.c);
      const next = { ...withoutLimits(state), keepContrast: isKept };
      return isKept && shown !== null
        ? withLook(next, state.plane.c, { limits: { low: shown.low, high: shown.high } })
        : next;
    });
  }

  chooseTool(tool: Tool): void {
    this.#change("tool", (state) => ({
      ...state,
      tool,
      side: tool === "move" ? state.side : "measure",
    }));
  }

  drawLine(from: Point, to: Point): void {
    this.#change("line", (state) => ({ ...state, line: { from, to } }));
  }

  drawRectangle(from: Point, to: Point): void {
    const { lengths } = this.#parts.description;
    const rectangle = { y: spanOf(from.y, to.y, lengths.y), x: spanOf(from.x, to.x, lengths.x) };
    this.#change("rectangle", (state) => ({ ...state, rectangle }));
  }

  /** Drags the line or the rectangle of an earlier state by px of the picture. */
  moveShape({ line, rectangle }: ViewerState, grip: Grip, by: Point): void {
    const { lengths } = this.#parts.description;
    this.#change(`move ${grip}`, (state) =>
      grip === "from" || grip === "to" || grip === "line"
        ? { ...state, line: line === null ? null : movedLine(line, grip, by) }
        : { ...state, rectangle: rectangle === null ? null : movedRectangle(rectangle, grip, by, lengths) },
    );
  }

  /** Moves the border of a swipe, 0…1 of the width of the picture area. */
  moveSwipe(at: number): void {
    this.#change("compare at", (state) =>
      state.comparison === null
        ? state
        : { ...state, comparison: { ...state.comparison, at: Math.min(1, Math.max(0, at)) } },
    );
  }

  clearShapes(): void {
    this.#change("shapes", (state) =>
      state.line === null && state.rectangle === null && state.pickedLabel === null
        ? state
        : { ...state, line: null, rectangle: null, pickedLabel: null },
    );
  }

  nextCompareMode(): void {
    this.#change("compare", (state) => {
      if (state.comparison === null) return state;
      const next = (COMPARE_MODES.indexOf(state.comparison.mode) + 1) % COMPARE_MODES.length;
      return { ...state, comparison: { ...state.comparison, mode: COMPARE_MODES[next] } };
    });
  }

  flicker(): void {
    const { comparison } = this.state;
    if (comparison === null) return;
    if (comparison.mode === "flicker") this.#parts.display.flicker();
    else this.#change("compare", (state) => ({ ...state, comparison: { ...comparison, mode: "flicker" } }));
  }

  toggleTiles(): void {
    this.#change("extras", (state) => ({
      ...state,
      extras: { ...state.extras, tiles: !state.extras.tiles },
    }));
  }

  toggleSide(): void {
    this.#change("side", (state) => ({ ...state, side: state.side === null ? "channels" : null }));
  }

  copyValues(): void {
    this.#exporter.copyValues();
  }

  savePicture(): void {
    this.#exporter.savePicture();
  }

  saveViews(): void {
    this.#exporter.saveViews();
  }

  saveMovie(): void {
    this.#exporter.saveMovie();
  }

  get #image(): { readonly width: number; readonly height: number } {
    return paneImage("xy", this.#parts.description.lengths);
  }

  #change(kind: string, make: (state: ViewerState) => ViewerState): void {
    this.#parts.change(kind, make);
  }

  /** @param under place of the pane that keeps what is under it; null for the middle */
  #zoomTo(zoom: number, under: Point | null): void {
    const { display } = this.#parts;
    const { screen } = display.layout;
    const at =
      under === null
        ? { x: screen.width / 2, y: screen.height / 2 }
        : { x: under.x - display.sideAt("xy", under), y: under.y };
    const tall = display.aspect.y;
    const view = zoomAt(display.view, clampZoom(zoom, this.#image, screen, tall), at, { screen, tall });
    const inside = panBy(view, { x: 0, y: 0 }, this.#image, tall);
    this.#change("zoom", (state) => ({ ...state, view: inside }));
  }
}
