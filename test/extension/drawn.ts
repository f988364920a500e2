/**
 * What is drawn in the viewer, pixel by pixel.
 * @module
 */
import { fitView, placementOf, toScreen } from "../../webview/draw/geometry";
import type { Placement, Size } from "../../webview/draw/geometry";
import type { Page } from "./page";
import { picture, until } from "./support";

/** Size of the stacks that are looked at, px. */
export const WIDTH = 30;
export const HEIGHT = 20;
export const DEPTH = 6;
/** Pixel sizes of writeStack: 0.5 µm and slices of 2 µm. */
export const TALL = 4;

/** What a canvas holds in one pixel. */
export type Color = readonly [red: number, green: number, blue: number, alpha: number];

/** Runs a script in the viewer. */
export const inViewer = (page: Page, expression: string): Promise<unknown> =>
  page.evaluate(expression, { frame: "webview" });

/** Gives the keyboard to the picture. */
export const focusPicture = (page: Page): Promise<unknown> =>
  inViewer(page, "document.querySelector('#picture').focus()");

/** Waits until the picture is made of these, "own 0,0,0,2; other 1,0,0,2". */
export async function untilPictures(page: Page, wanted: RegExp): Promise<void> {
  await until(`the pictures are ${wanted.source}`, async () =>
    wanted.test((await picture(page)).pictures ?? "") ? true : undefined,
  );
}

/** Size of an element of the viewer, CSS px. */
export async function paneSize(page: Page, selector: string): Promise<Size> {
  return (await inViewer(
    page,
    `(({ width, height }) => ({ width, height }))(document.querySelector("${selector}").getBoundingClientRect())`,
  )) as Size;
}

/** Colours of the canvas at the middles of picture pixels. */
export async function colorsAt(
  page: Page,
  selector: string,
  placement: Placement,
  pixels: readonly (readonly [x: number, y: number])[],
): Promise<Color[]> {
  const size = await paneSize(page, selector);
  const places = pixels.map(([x, y]) => toScreen(placement, size, { x: x + 0.5, y: y + 0.5 }));
  return (await inViewer(
    page,
    `(() => {
      const canvas = document.querySelector("${selector}");
      const { width, height, data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      const ratio = width / canvas.getBoundingClientRect().width;
      return ${JSON.stringify(places)}.map(({ x, y }) => {
        const at = 4 * (Math.floor(y * ratio) * width + Math.floor(x * ratio));
        return [...data.subarray(at, at + 4)];
      });
    })()`,
  )) as Color[];
}

const everyPixel = Array.from({ length: WIDTH * HEIGHT }, (_, i): [number, number] => [
  i % WIDTH,
  Math.floor(i / WIDTH),
]);

/** Colours of all pixels of the plane, in the fitting view. */
export async function planeColors(page: Page): Promise<Color[]> {
  const view = fitView({ width: WIDTH, height: HEIGHT }, await paneSize(page, "#picture"));
  return colorsAt(page, "#picture", placementOf(view), everyPixel);
}

/** A colour of a LUT. */
export const unpack = (color: number): Color => [
  color & 0xff,
  (color >>> 8) & 0xff,
  (color >>> 16) & 0xff,
  color >>> 24,
];

/** Waits until every pixel of the plane is drawn in the colour that is expected of it. */
export async function untilDrawn(
  page: Page,
  expected: (i: number, limits: { low: number; high: number }) => Color,
): Promise<void> {
  let wrong = "";
  await until("every pixel has its colour", async () => {
    const { low, high } = await picture(page);
    const limits = { low: Number(low), high: Number(high) };
    const drawn = await planeColors(page);
    const at = drawn.findIndex((color, i) => color.join() !== expected(i, limits).join());
    if (at < 0) return true;
    wrong = `pixel ${at}: ${drawn[at].join()}, expected ${expected(at, limits).join()}`;
    return undefined;
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}; ${wrong}`);
  });
}
