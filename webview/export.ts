/**
 * Pictures for others: the view as a PNG, and every slice as one.
 * @module
 */
import { TilewrightError } from "../src/errors";
import type { Channel } from "../src/protocol/channel";
import { PROJECTION_METHODS } from "../src/protocol/viewer";
import type { Host, StackDescription, Viewer } from "../src/protocol/viewer";
import type { Pane } from "./pane";

const GROUND = "#000000";
const PATIENCE_MS = 60_000;

async function pngOf(pane: Pane): Promise<Uint8Array> {
  const blob = await new Promise<Blob | null>((resolve) =>
    pane.snapshot(GROUND).toBlob(resolve, "image/png"),
  );
  if (blob === null) throw new TilewrightError("viewer.export", "the picture could not be made into a PNG");
  return new Uint8Array(await blob.arrayBuffer());
}

const plainName = ({ name }: StackDescription): string => name.replace(/(\.ome)?\.[^.]+$/, "");

/** Saves what is seen, with what lies over it, at screen resolution. */
export async function savePicture(
  channel: Channel<Viewer, Host>,
  pane: Pane,
  description: StackDescription,
): Promise<void> {
  await channel.request("savePicture", { name: `${plainName(description)}.png`, png: await pngOf(pane) });
}

/** Saves every slice as it is seen now. */
export async function saveMovie(
  channel: Channel<Viewer, Host>,
  pane: Pane,
  { description, show }: { readonly description: StackDescription; readonly show: (z: number) => void },
): Promise<void> {
  const count = description.lengths.z;
  const key = await channel.request("chooseFolder", { name: plainName(description), count });
  if (key === null) return;
  for (let index = 0; index < count; index++) {
    show(index);
    await untilShown(pane, index);
    await channel.request("savePicturePart", { key, index, png: await pngOf(pane) });
  }
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
