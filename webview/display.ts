/**
 * Shows what the state says: gets pixels and limits, draws them in every pane, reads values under the pointer.
 * @module
 */
import { isAbort } from "../src/errors";
import type {
  ContrastLimits,
  PictureSource,
  PlanePixels,
  PlaneRegion,
  StackLengths,
  ViewReport,
} from "../src/protocol/viewer";
import {
  clampZoom,
  fitView,
  panBy,
  pixelAt,
  snapRegion,
  stepsFor,
  toImage,
  visibleRegion,
} from "./draw/geometry";
import type { Placement, Point, Size, View } from "./draw/geometry";
import type { Limits } from "./draw/renderer";
import type { Pane } from "./pane";
import type { ContrastChoice, ContrastSource } from "./pixels/contrast";
import { differenceFacts, scaleEnd } from "./pixels/differences";
import { sourceKey } from "./pixels/pictures";
import type { FullRequest, PictureStore } from "./pixels/pictures";
import { aspectOf, framesOf, ingredientsOf, paneImage, panePlacement, picturesBeside } from "./scene";
import type { Aspect, Cooked, Ingredient, PaneName, Shown } from "./scene";
import { samePlane } from "./state";
import type { Comparison, ViewerState } from "./state";

/** A picture that is on the screen. */
export interface PanePicture {
  readonly cooked: readonly Cooked[];
  readonly placement: Placement;
}

/** What the display needs and whom it tells. */
export interface DisplayParts {
  readonly panes: Readonly<Record<PaneName, Pane>>;
  readonly pictures: PictureStore;
  readonly contrast: ContrastSource;
  /** All panes show what the state says. */
  drawn(): void;
  /** Draws what lies over a picture. */
  drawOver(pane: PaneName, picture: PanePicture | null): void;
  busy(isBusy: boolean): void;
  failed(error: unknown): void;
}

interface Request {
  readonly ingredient: Ingredient;
  readonly request: FullRequest;
}

const MOST_REPEATS = 9;
const PANES: readonly PaneName[] = ["xy", "xz", "yz"];

/** The pictures of one stack. */
export class Display {
  readonly #parts: DisplayParts;
  readonly #aspect: Aspect;
  readonly #pictures = new Map<PaneName, PanePicture>();
  #shown: Shown;
  #state: ViewerState;
  /** Times that Auto was pressed again on the plane that is shown. */
  #repeat = 0;
  #isOther = false;
  /** The same set as long as the same labels are hidden: renderers keep what they made of it. */
  #hidden: { readonly labels: readonly number[]; readonly set: ReadonlySet<number> } = {
    labels: [],
    set: new Set(),
  };
  #frame: number | null = null;
  #isDisposed = false;

  constructor(parts: DisplayParts, state: ViewerState, shown: Shown) {
    this.#parts = parts;
    this.#state = state;
    this.#shown = shown;
    this.#aspect = aspectOf(shown.description);
  }

  /** What part is shown now. */
  get view(): View {
    const { view } = this.#state;
    const [image, screen, tall] = [
      paneImage("xy", this.#lengths),
      this.screen("xy"),
      this.#aspect.y,
    ] as const;
    if (view === null) return fitView(image, screen, tall);
    // It may be of a file that had another size, or of a linked viewer.
    const zoom = clampZoom(view.zoom, image, screen, tall);
    return panBy({ ...view, zoom }, { x: 0, y: 0 }, image, tall);
  }

  get aspect(): Aspect {
    return this.#aspect;
  }

  /** The picture of a pane that is on the screen. */
  picture(pane: PaneName): PanePicture | null {
    return this.#pictures.get(pane) ?? null;
  }

  /** Limits between which a channel is shown now. */
  limitsOf(channel: number): Limits | null {
    const own = this.#pictures
      .get("xy")
      ?.cooked.find(({ role, source }) => role === "own" && source.plane.c === channel);
    return own?.shownLimits ?? null;
  }

  /** The smallest and largest value of the picture of a channel, when they are known. */
  extremesOf(channel: number): ContrastLimits | null {
    const source = ingredientsOf(this.#state, "xy", this.#shown).find(
      (one) => one.role === "own" && one.source.plane.c === channel,
    )?.limitSource;
    return source === undefined ? null : (this.#parts.contrast.find(source, this.#choice()) ?? null);
  }

  /** Where the plane lies in its pane now. */
  get layout(): { readonly screen: Size; readonly placement: Placement } {
    return { screen: this.screen("xy"), placement: this.placement("xy") };
  }

  /** The part of the plane that is on the screen; null when it is outside. */
  get visible(): PlaneRegion | null {
    return visibleRegion(this.placement("xy"), this.screen("xy"), paneImage("xy", this.#lengths));
  }

  /** Whether a flicker shows the other stack now. */
  get isOther(): boolean {
    return this.#isOther;
  }

  /** What is shown, for the host; null before the first picture. */
  get report(): ViewReport | null {
    const picture = this.#pictures.get("xy");
    const limits = this.limitsOf(this.#state.plane.c) ?? picture?.cooked[0]?.shownLimits;
    if (picture === undefined || limits === undefined) return null;
    const region = this.visible;
    if (region === null) return null;
    const { low, high } = limits;
    return { plane: this.#state.plane, region, contrast: { low, high }, zoom: this.view.zoom };
  }

  /** Presses Auto for the channel in hand: stronger each time, until the plane or the method changes. */
  async autoLimits(): Promise<Limits> {
    const { plane, projection } = this.#state;
    const source: PictureSource = projection === null ? { plane } : { plane, projection };
    const repeat = this.#repeat;
    this.#repeat = Math.min(MOST_REPEATS, repeat + 1);
    return this.#parts.contrast.limitsOf(source, { ...this.#choice(), method: "auto", repeat });
  }

  /** Shows another state, or other layers. */
  show(state: ViewerState, shown: Shown): void {
    if (!samePlane(state.plane, this.#state.plane) || state.method !== "auto") this.#repeat = 0;
    this.#state = state;
    this.#shown = shown;
    this.refresh();
  }

  /** Changes sides in a flicker. */
  flicker(): void {
    this.#isOther = !this.#isOther;
    this.refresh();
  }

  /** Draws again with the next frame of the screen, asking for pixels that are missing. */
  refresh(): void {
    if (this.#isDisposed) return;
    this.#frame ??= requestAnimationFrame(() => {
      this.#frame = null;
      this.#draw();
    });
  }

  dispose(): void {
    this.#isDisposed = true;
    if (this.#frame !== null) cancelAnimationFrame(this.#frame);
  }

  /** How large a picture's part of its pane is, CSS px: half of it when two stand beside each other. */
  screen(pane: PaneName): Size {
    const { width, height } = this.#parts.panes[pane].size;
    return { width: width / picturesBeside(this.#state, pane, this.#shown), height };
  }

  /** Where the parts of a pane begin that its pictures have, CSS px from its left. */
  sides(pane: PaneName): readonly number[] {
    const { width } = this.screen(pane);
    return picturesBeside(this.#state, pane, this.#shown) === 2 ? [0, width] : [0];
  }

  /** Where the part of a pane begins in which a place of it lies, CSS px from its left. */
  sideAt(pane: PaneName, { x }: Point): number {
    return this.sides(pane).findLast((left) => x >= left) ?? 0;
  }

  /** The pixel of a pane's picture under a place of the screen. */
  pixelAt(pane: PaneName, at: Point): Point | null {
    return pixelAt(this.placeAt(pane, at), paneImage(pane, this.#lengths));
  }

  /**
   * The place in a pane's picture under a place of the screen; may lie outside of the picture.
   *
   * @param side of the pane that counts; a drag that leaves its side goes on there
   */
  placeAt(pane: PaneName, at: Point, side = this.sideAt(pane, at)): Point {
    return toImage(this.placement(pane), this.screen(pane), { x: at.x - side, y: at.y });
  }

  /** What the undermost picture of a pane shows at a pixel: where pixels are left out, a neighbour; null for nothing. */
  drawnAt(pane: PaneName, { x, y }: Point): number | null {
    const pixels = this.#pictures.get(pane)?.cooked[0]?.pixels;
    if (pixels === undefined) return null;
    const { region, step, width, height, data } = pixels;
    const row = Math.floor((y - region.y[0]) / step.y);
    const column = Math.floor((x - region.x[0]) / step.x);
    const isHere = row >= 0 && row < height && column >= 0 && column < width;
    return isHere ? data[row * width + column] : null;
  }

  /** Values of a pixel of a pane in all its pictures, those that are here. */
  valuesAt(
    pane: PaneName,
    pixel: Point,
  ): { readonly source: PictureSource; readonly value: number | null }[] {
    return ingredientsOf(this.#state, pane, this.#shown).map(({ source }) => {
      const cooked = this.#pictures
        .get(pane)
        ?.cooked.find((one) => sourceKey(one.source) === sourceKey(source));
      return { source, value: cooked === undefined ? null : valueIn(cooked.pixels, pixel) };
    });
  }

  get #lengths(): StackLengths {
    return this.#shown.description.lengths;
  }

  /** Where the picture of a pane lies now. */
  placement(pane: PaneName): Placement {
    return panePlacement(pane, this.view, {
      screen: this.screen(pane),
      aspect: this.#aspect,
      z: this.#state.plane.z,
      depth: this.#lengths.z,
    });
  }

  #draw(): void {
    const panes = this.#state.isOrthogonal ? PANES : (["xy"] as const);
    const wanted = panes.flatMap((pane) => {
      const requests = this.#requestsOf(pane);
      return requests === null ? [] : [{ pane, requests }];
    });
    this.#parts.contrast.keepOnly(
      wanted.flatMap(({ requests }) => requests.map(({ ingredient }) => ingredient.limitSource)),
    );
    this.#parts.pictures.want(wanted.flatMap(({ requests }) => requests.map(({ request }) => request)));
    let isComplete = wanted.length > 0;
    for (const { pane, requests } of wanted) {
      const cooked = this.#cook(requests);
      if (cooked === null) isComplete = false;
      else this.#pictures.set(pane, { cooked, placement: this.placement(pane) });
      this.#drawPane(pane, cooked !== null);
    }
    this.#parts.busy(wanted.length > 0 && !isComplete);
    if (isComplete) this.#parts.drawn();
  }

  /** What a pane needs; null when nothing of its picture is on the screen. */
  #requestsOf(pane: PaneName): Request[] | null {
    const placement = this.placement(pane);
    const image: Size = paneImage(pane, this.#lengths);
    const visible = visibleRegion(placement, this.screen(pane), image);
    if (visible === null) return null;
    const step = stepsFor(placement, devicePixelRatio);
    const region = snapRegion(visible, step, image);
    return ingredientsOf(this.#state, pane, this.#shown).map((ingredient) => ({
      ingredient,
      request: { ...ingredient.source, region, step },
    }));
  }

  /** All pictures with their limits; null while some are missing. */
  #cook(requests: readonly Request[]): Cooked[] | null {
    const cooked: Cooked[] = [];
    let isComplete = true;
    for (const { ingredient, request } of requests) {
      const pixels = this.#parts.pictures.find(request);
      const limits = this.#limitsFor(ingredient);
      if (pixels === undefined || limits === null) isComplete = false;
      else cooked.push({ ...ingredient, pixels, shownLimits: limits });
    }
    return isComplete ? cooked : null;
  }

  #limitsFor({ limits, limitSource, kind }: Ingredient): Limits | null {
    if (kind === "labels") return { low: 0, high: 1 };
    if (limits !== null) return limits;
    const choice = this.#choice();
    const known = this.#parts.contrast.find(limitSource, choice);
    if (known !== undefined) return known;
    this.#parts.contrast.limitsOf(limitSource, choice).then(
      () => this.refresh(),
      (error: unknown) => {
        if (!isAbort(error)) this.#parts.failed(error);
      },
    );
    return null;
  }

  #choice(): ContrastChoice {
    const { method, percentiles } = this.#state;
    return { method, percentiles, repeat: method === "auto" ? Math.max(0, this.#repeat - 1) : 0 };
  }

  /** The comparison with its scale: without one of its own, up to the largest difference of the plane that is seen. */
  #comparison(): Comparison | null {
    const { comparison } = this.#state;
    if (comparison?.mode !== "difference" || comparison.limit !== null) return comparison;
    const cooked = this.#pictures.get("xy")?.cooked ?? [];
    const [own, other] = (["own", "other"] as const).map((wanted) =>
      cooked.find(({ role }) => role === wanted),
    );
    const { visible } = this;
    if (own === undefined || other === undefined || visible === null) return comparison;
    return { ...comparison, limit: scaleEnd(differenceFacts(own.pixels, other.pixels, visible)) };
  }

  #drawPane(name: PaneName, isNew: boolean): void {
    const pane = this.#parts.panes[name];
    const picture = this.#pictures.get(name) ?? null;
    if (picture !== null) {
      const { hiddenLabels, pickedLabel } = this.#state;
      if (this.#hidden.labels !== hiddenLabels)
        this.#hidden = { labels: hiddenLabels, set: new Set(hiddenLabels) };
      const placement = this.placement(name);
      const moment = {
        width: pane.size.width,
        comparison: this.#comparison(),
        isOther: this.#isOther,
        hiddenLabels: this.#hidden.set,
        pickedLabel,
      };
      const frames = framesOf(picture.cooked, placement, pane.canvas.width, moment);
      pane.draw(frames, isNew ? factsOf(picture.cooked) : {});
    }
    this.#parts.drawOver(name, picture);
  }
}

function valueIn({ region, step, width, data }: PlanePixels, { x, y }: Point): number | null {
  const isHere =
    step.x === 1 &&
    step.y === 1 &&
    x >= region.x[0] &&
    x < region.x[1] &&
    y >= region.y[0] &&
    y < region.y[1];
  return isHere ? data[(y - region.y[0]) * width + x - region.x[0]] : null;
}

/** What the picture is of, for tests. */
function factsOf(cooked: readonly Cooked[]): Record<string, string> {
  if (cooked.length === 0) return {};
  const { pixels, source, shownLimits } = cooked[0];
  const { t, z, c } = source.plane;
  return {
    plane: [t, z, c].join(","),
    pictures: cooked.map((one) => `${one.role} ${sourceKey(one.source)}`).join("; "),
    region: [...pixels.region.y, ...pixels.region.x].join(","),
    step: `${pixels.step.y},${pixels.step.x}`,
    low: String(shownLimits.low),
    high: String(shownLimits.high),
  };
}
