/**
 * Values under the pointer: at once when they are here, else when they have been read.
 * @module
 */
import type { Channel } from "../src/protocol/channel";
import type { Host, PicturePoint, PlaneIndex, Viewer } from "../src/protocol/viewer";
import type { Display } from "./display";
import { PictureStore } from "./pixels/pictures";
import type { FullRequest } from "./pixels/pictures";
import type { PointerPlace } from "./pointer";
import type { PaneName } from "./scene";
import type { ViewerState } from "./state";
import type { StatusBar } from "./statusBar";

const PIXEL_BYTES = 2 ** 16;

/** Fills the readout of the status bar. */
export class Readout {
  readonly #display: Display;
  readonly #status: StatusBar;
  /** Of its own, so that single pixels do not wait behind pictures. */
  readonly #pixels: PictureStore;
  #last: { readonly place: PointerPlace | null; readonly state: ViewerState } | null = null;

  constructor(channel: Channel<Viewer, Host>, display: Display, status: StatusBar) {
    this.#display = display;
    this.#status = status;
    this.#pixels = new PictureStore(
      (request, signal) => channel.request("readPlane", request, signal),
      PIXEL_BYTES,
      { arrived: () => this.#again(), failed: () => undefined },
    );
  }

  /** Shows what is under the pointer. */
  show(place: PointerPlace | null, state: ViewerState): void {
    this.#last = { place, state };
    const pixel = place === null ? null : this.#display.pixelAt(place.pane, place.at);
    if (place === null || pixel === null) {
      this.#pixels.want([]);
      this.#status.showPixel(null);
      return;
    }
    const wanted: FullRequest[] = [];
    const values = this.#display.valuesAt(place.pane, pixel).map(({ source, value }) => {
      if (value !== null) return value;
      const request: FullRequest = {
        ...source,
        region: { y: [pixel.y, pixel.y + 1], x: [pixel.x, pixel.x + 1] },
        step: { y: 1, x: 1 },
      };
      wanted.push(request);
      return this.#pixels.find(request)?.data[0] ?? null;
    });
    this.#pixels.want(wanted);
    this.#status.showPixel({ ...stackPlace(place.pane, pixel, state), values });
  }

  dispose(): void {
    this.#pixels.reset();
    this.#last = null;
  }

  #again(): void {
    if (this.#last !== null) this.show(this.#last.place, this.#last.state);
  }
}

/** Where a pixel of a pane is in the stack. */
function stackPlace(
  pane: PaneName,
  pixel: PicturePoint,
  { plane, cursor }: ViewerState,
): { readonly plane: PlaneIndex; readonly pixel: PicturePoint } {
  if (pane === "xz") return { plane: { ...plane, z: pixel.y }, pixel: { y: cursor.y, x: pixel.x } };
  if (pane === "yz") return { plane: { ...plane, z: pixel.x }, pixel: { y: pixel.y, x: cursor.x } };
  return { plane, pixel };
}
