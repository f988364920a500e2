/**
 * Shows what the state says: gets pixels and limits, draws them, reads the value under the pointer.
 * @module
 */
import type {
  ContrastLimits,
  PlaneIndex,
  PlanePixels,
  PlaneRequest,
  StackDescription,
  ViewReport,
} from "../src/protocol/viewer";
import type { ContrastSource } from "./contrast";
import { covers, fitView, pixelAt, snapRegion, stepFor, toImage, visibleRegion } from "./geometry";
import type { Point, Size, View } from "./geometry";
import type { PlaneSource } from "./planes";
import type { Stage } from "./stage";
import { samePlane } from "./state";
import type { Limits, ViewerState } from "./state";

/** What the display needs and whom it tells. */
export interface DisplayParts {
  readonly stage: Stage;
  readonly planes: PlaneSource;
  /** For single pixels, so that they do not wait behind pictures. */
  readonly pixels: PlaneSource;
  readonly contrast: ContrastSource;
  readonly description: StackDescription;
  /** A picture is on the screen. */
  drawn(limits: Limits, extremes: ContrastLimits | null): void;
  busy(isBusy: boolean): void;
  failed(error: unknown): void;
}

/** The picture of one stack. */
export class Display {
  readonly #parts: DisplayParts;
  readonly #image: Size;
  #state: ViewerState;
  #picture: {
    readonly pixels: PlanePixels;
    readonly limits: Limits;
    readonly extremes: ContrastLimits | null;
  } | null = null;
  /** Times that Auto was pressed again on the plane that is shown. */
  #repeat = 0;
  #ticket = 0;

  constructor(parts: DisplayParts, state: ViewerState) {
    this.#parts = parts;
    this.#state = state;
    this.#image = { width: parts.description.lengths.x, height: parts.description.lengths.y };
  }

  /** What part is shown now. */
  get view(): View {
    return this.#state.view ?? fitView(this.#image, this.#parts.stage.size);
  }

  /** Limits of the picture on the screen. */
  get limits(): Limits | null {
    return this.#picture?.limits ?? null;
  }

  /** What is shown, for the host; null before the first picture. */
  get report(): ViewReport | null {
    const region = visibleRegion(this.view, this.#parts.stage.size, this.#image);
    if (this.#picture === null || region === null) return null;
    const { low, high } = this.#picture.limits;
    return { plane: this.#picture.pixels.plane, region, contrast: { low, high }, zoom: this.view.zoom };
  }

  /** Presses Auto: stronger each time, until the plane or the method changes. */
  async autoLimits(): Promise<Limits> {
    const limits = await this.#parts.contrast.limitsOf(this.#state.plane, "auto", this.#repeat);
    this.#repeat = Math.min(9, this.#repeat + 1);
    return limits;
  }

  /** Shows another state. */
  show(state: ViewerState): void {
    if (!samePlane(state.plane, this.#state.plane) || state.method !== this.#state.method) this.#repeat = 0;
    this.#state = state;
    this.refresh();
  }

  /** Draws again, asking for pixels that are missing. */
  refresh(): void {
    const request = this.#request();
    if (request === null) {
      this.#parts.stage.clear();
      return;
    }
    const shown = this.#picture?.pixels;
    const isEnough =
      shown !== undefined &&
      samePlane(shown.plane, request.plane) &&
      shown.step === request.step &&
      request.region !== undefined &&
      covers(shown.region, request.region);
    const pixels = isEnough ? shown : this.#parts.planes.find(request);
    if (pixels !== undefined) {
      void this.#use(pixels);
      return;
    }
    this.#draw();
    this.#parts.busy(true);
    this.#parts.planes.wish(
      request,
      (read) => void this.#use(read),
      (error) => {
        this.#parts.busy(false);
        this.#parts.failed(error);
      },
    );
    if (this.#keptLimits(request.plane) === null) {
      void this.#limitsFor(request.plane).catch(() => undefined);
    }
  }

  /** The value under a place of the screen: at once when it is here, else when it has been read. */
  readPixel(at: Point, tell: (pixel: Point | null, value: number | null) => void): void {
    const pixel = pixelAt(toImage(this.view, this.#parts.stage.size, at), this.#image);
    if (pixel === null) {
      tell(null, null);
      return;
    }
    const { plane } = this.#state;
    const shown = this.#picture?.pixels;
    if (shown !== undefined && samePlane(shown.plane, plane) && shown.step === 1) {
      const { region, width, data } = shown;
      const isHere = covers(region, { y: [pixel.y, pixel.y + 1], x: [pixel.x, pixel.x + 1] });
      if (isHere) {
        tell(pixel, data[(pixel.y - region.y[0]) * width + pixel.x - region.x[0]]);
        return;
      }
    }
    tell(pixel, null);
    const request = {
      plane,
      region: { y: [pixel.y, pixel.y + 1], x: [pixel.x, pixel.x + 1] } as const,
      step: 1,
    };
    const known = this.#parts.pixels.find(request);
    if (known !== undefined) tell(pixel, known.data[0]);
    else
      this.#parts.pixels.wish(
        request,
        ({ data }) => tell(pixel, data[0]),
        () => undefined,
      );
  }

  #request(): (PlaneRequest & { readonly step: number }) | null {
    const { view } = this;
    const visible = visibleRegion(view, this.#parts.stage.size, this.#image);
    if (visible === null) return null;
    const step = stepFor(view.zoom, devicePixelRatio);
    return { plane: this.#state.plane, region: snapRegion(visible, step, this.#image), step };
  }

  async #use(pixels: PlanePixels): Promise<void> {
    const ticket = ++this.#ticket;
    try {
      const kept = this.#keptLimits(pixels.plane);
      const extremes = kept === null ? await this.#limitsFor(pixels.plane) : null;
      const limits = this.#keptLimits(pixels.plane) ?? extremes;
      if (limits === null || ticket !== this.#ticket || !samePlane(pixels.plane, this.#state.plane)) return;
      this.#picture = { pixels, limits, extremes };
      this.#parts.busy(false);
      this.#draw();
      this.#parts.drawn(this.#picture.limits, extremes);
    } catch (error) {
      this.#parts.busy(false);
      this.#parts.failed(error);
    }
  }

  #keptLimits({ c }: PlaneIndex): Limits | null {
    const { keepContrast, limits } = this.#state;
    return keepContrast && Object.hasOwn(limits, String(c)) ? limits[c] : null;
  }

  #limitsFor(plane: PlaneIndex): Promise<ContrastLimits> {
    const repeat = this.#state.method === "auto" ? Math.max(0, this.#repeat - 1) : 0;
    return this.#parts.contrast.limitsOf(plane, this.#state.method, repeat);
  }

  #draw(): void {
    if (this.#picture === null) return;
    const { pixels, limits } = this.#picture;
    this.#parts.stage.draw({ pixels, limits, view: this.view });
  }
}
