/**
 * What others get of a view: the plane or all views as a PNG, every slice as one, values as text.
 * @module
 */
import { TilewrightError } from "../src/errors";
import type { Channel } from "../src/protocol/channel";
import { PROJECTION_METHODS } from "../src/protocol/viewer";
import type { Host, StackDescription, Viewer } from "../src/protocol/viewer";
import { element } from "./dom";
import type { Pane } from "./pane";
import type { PaneName } from "./scene";
import type { ViewerState } from "./state";

const GROUND = "#000000";
const PATIENCE_MS = 60_000;

/** What saving and copying need of a view. */
export interface ExportParts {
  readonly description: StackDescription;
  readonly channel: Channel<Viewer, Host>;
  readonly panes: Readonly<Record<PaneName, Pane>>;
  state(): ViewerState;
  change(kind: string, make: (state: ViewerState) => ViewerState): void;
  /** What was read out under the pointer last, also when it has left the picture since; "" before that. */
  lastReadout(): string;
  complain(error: unknown): void;
}

/** Saves and copies what a view shows. */
export class Exporter {
  readonly #parts: ExportParts;

  constructor(parts: ExportParts) {
    this.#parts = parts;
  }

  /** Saves the plane as it is seen, with what lies over it, at screen resolution. */
  savePicture(): void {
    const { panes } = this.#parts;
    this.#save(".png", [panes.xy]);
  }

  /** Saves all views as they stand beside each other. */
  saveViews(): void {
    const { panes } = this.#parts;
    if (this.#parts.state().isOrthogonal) this.#save("-views.png", [panes.xy, panes.xz, panes.yz]);
    else this.savePicture();
  }

  /** Saves every slice of the plane as it is seen now; then shows again what was shown before. */
  saveMovie(): void {
    const { plane, projection } = this.#parts.state();
    const show = (z: number, over: ViewerState["projection"]): void =>
      this.#parts.change("movie", (state) => ({ ...state, plane: { ...state.plane, z }, projection: over }));
    this.#saveSlices((z) => show(z, null))
      .catch((error: unknown) => this.#parts.complain(error))
      .finally(() => show(plane.z, projection));
  }

  /** Copies place and values that were pointed at last. */
  copyValues(): void {
    const text = this.#parts.lastReadout();
    if (text === "") return;
    this.#parts.channel.request("copyText", { text }).catch((error: unknown) => this.#parts.complain(error));
  }

  #save(ending: string, panes: readonly Pane[]): void {
    const { channel, description } = this.#parts;
    pngOf(panes)
      .then((png) => channel.request("savePicture", { name: `${plainName(description)}${ending}`, png }))
      .catch((error: unknown) => this.#parts.complain(error));
  }

  async #saveSlices(show: (z: number) => void): Promise<void> {
    const { channel, description, panes } = this.#parts;
    const count = description.lengths.z;
    const key = await channel.request("chooseFolder", { name: plainName(description), count });
    if (key === null) return;
    for (let index = 0; index < count; index++) {
      show(index);
      await untilShown(panes.xy, index);
      await channel.request("savePicturePart", { key, index, png: await pngOf([panes.xy]) });
    }
  }
}

const plainName = ({ name }: StackDescription): string => name.replace(/(\.ome)?\.[^.]+$/, "");

async function pngOf(panes: readonly Pane[]): Promise<Uint8Array> {
  const blob = await new Promise<Blob | null>((resolve) => snapshotOf(panes).toBlob(resolve, "image/png"));
  if (blob === null) throw new TilewrightError("viewer.export", "the picture could not be made into a PNG");
  return new Uint8Array(await blob.arrayBuffer());
}

/** Panes where they stand on the screen, at its resolution; ground in between and where there is none. */
function snapshotOf(panes: readonly Pane[]): HTMLCanvasElement {
  const boxes = panes.map(({ canvas }) => canvas.getBoundingClientRect());
  const left = Math.min(...boxes.map((box) => box.left));
  const top = Math.min(...boxes.map((box) => box.top));
  const placed = panes.map((pane, index) => ({
    pane,
    x: Math.round((boxes[index].left - left) * devicePixelRatio),
    y: Math.round((boxes[index].top - top) * devicePixelRatio),
  }));
  const picture = element("canvas") as HTMLCanvasElement;
  picture.width = Math.max(...placed.map(({ pane, x }) => x + pane.canvas.width));
  picture.height = Math.max(...placed.map(({ pane, y }) => y + pane.canvas.height));
  const context = picture.getContext("2d");
  if (context === null) return picture;
  context.fillStyle = GROUND;
  context.fillRect(0, 0, picture.width, picture.height);
  for (const { pane, x, y } of placed) pane.copyInto(context, { x, y });
  return picture;
}

/** Whether a canvas shows a slice, and not a projection of several. */
function isSlice({ plane, pictures = "" }: DOMStringMap, z: number): boolean {
  return (
    plane?.split(",")[1] === String(z) && !PROJECTION_METHODS.some((method) => pictures.includes(method))
  );
}

function untilShown({ canvas }: Pane, z: number): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  return new Promise((resolve, reject) => {
    const look = (): void => {
      if (!canvas.isConnected)
        reject(new TilewrightError("viewer.export", "the stack changed while its slices were saved"));
      else if (isSlice(canvas.dataset, z)) resolve();
      else if (performance.now() > end)
        reject(new TilewrightError("viewer.export", `slice ${z} was not drawn in time`));
      else requestAnimationFrame(look);
    };
    look();
  });
}
