/**
 * Pictures that the viewer saves: the dialogs that ask where, and what is in the files.
 * @module
 */
import { existsSync, readFileSync } from "node:fs";
import type { Color } from "./drawn";
import { inViewer } from "./drawn";
import type { Page } from "./page";
import { until } from "./support";

/** Waits until a dialog that asks for a file or a folder proposes this one. */
export async function untilProposed(page: Page, path: string): Promise<void> {
  const input = "document.querySelector('.quick-input-widget:not([style*=none]) input[type=text]')?.value";
  await until(`${path} is proposed`, async () => ((await page.evaluate(input)) === path ? true : undefined));
}

/** Waits until the whole of a PNG is in its file. */
export async function savedPng(path: string): Promise<Buffer> {
  return until(`the whole of ${path} is there`, () => {
    if (!existsSync(path)) return undefined;
    const bytes = readFileSync(path);
    const isWhole = bytes.subarray(1, 4).toString() === "PNG" && bytes.subarray(-8, -4).toString() === "IEND";
    return isWhole ? bytes : undefined;
  });
}

/** Width and height of a PNG, px. */
export const sizeOf = (png: Buffer): [width: number, height: number] => [
  png.readUInt32BE(16),
  png.readUInt32BE(20),
];

/** Colours of a PNG at places, px from its corner. */
export async function savedColors(
  page: Page,
  png: Buffer,
  places: readonly (readonly [x: number, y: number])[],
): Promise<Color[]> {
  return (await inViewer(
    page,
    `(async () => {
      const bytes = Uint8Array.from(atob("${png.toString("base64")}"), (letter) => letter.charCodeAt(0));
      const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
      const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
      context.drawImage(bitmap, 0, 0);
      return ${JSON.stringify(places)}.map(([x, y]) =>
        [...context.getImageData(Math.floor(x), Math.floor(y), 1, 1).data]);
    })()`,
  )) as Color[];
}
