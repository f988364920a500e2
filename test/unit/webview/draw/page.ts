/**
 * The part of the read-back tests that runs in a browser: draws pictures and reads the canvas.
 * @module
 */
import { chooseRenderer } from "../../../../webview/draw/chooseRenderer";
import { lutOf } from "../../../../webview/draw/luts";
import type { Renderer } from "../../../../webview/draw/renderer";
import { WebglRenderer } from "../../../../webview/draw/webglRenderer";
import { CASES, TRANSLUCENT, plane } from "./cases";
import type { DrawCase } from "./cases";

type Kind = "canvas2d" | "webgl2";

function makeCanvas(): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  document.body.append(canvas);
  return canvas;
}

function fit(canvas: HTMLCanvasElement, { width, height, ratio = 1 }: DrawCase): void {
  if (canvas.width !== width) canvas.width = width;
  if (canvas.height !== height) canvas.height = height;
  canvas.style.width = `${width / ratio}px`;
  canvas.style.height = `${height / ratio}px`;
}

/** What is on a canvas, as base64 of its bytes. */
function read(canvas: HTMLCanvasElement): string {
  const copy = document.createElement("canvas");
  copy.width = canvas.width;
  copy.height = canvas.height;
  const context = copy.getContext("2d")!;
  context.drawImage(canvas, 0, 0);
  const { data } = context.getImageData(0, 0, copy.width, copy.height);
  let text = "";
  for (let i = 0; i < data.length; i += 8192) text += String.fromCharCode(...data.subarray(i, i + 8192));
  return btoa(text);
}

/** Draws every picture with one renderer on one canvas; by name what was read. */
function drawAll(kind: Kind): Record<string, string> {
  const canvas = makeCanvas();
  const renderer = chooseRenderer(canvas, kind);
  const results: Record<string, string> = {};
  for (const picture of [...CASES, TRANSLUCENT]) {
    fit(canvas, picture);
    renderer.draw(picture.frames);
    results[picture.name] = read(canvas);
  }
  const error = kind === "webgl2" ? canvas.getContext("webgl2")!.getError() : 0;
  renderer.clear();
  results[""] = read(canvas);
  renderer.dispose();
  canvas.remove();
  return { ...results, error: String(error), kind: renderer.kind };
}

const once = (canvas: HTMLCanvasElement, event: string): Promise<unknown> =>
  new Promise((resolve) => {
    canvas.addEventListener(event, resolve, { once: true });
  });

/** Loses the context, draws `during` meanwhile, restores it; what is read before and after. */
async function lose(before: string, during: string | null): Promise<readonly [string, string]> {
  const of = (name: string): DrawCase => CASES.find((picture) => picture.name === name)!;
  const canvas = makeCanvas();
  fit(canvas, of(before));
  const renderer = new WebglRenderer(canvas);
  renderer.draw(of(before).frames);
  const first = read(canvas);
  const extension = canvas.getContext("webgl2")!.getExtension("WEBGL_lose_context")!;
  const lost = once(canvas, "webglcontextlost");
  extension.loseContext();
  await lost;
  if (during !== null) renderer.draw(of(during).frames);
  const restored = once(canvas, "webglcontextrestored");
  await new Promise((resolve) => setTimeout(resolve, 0));
  extension.restoreContext();
  await restored;
  const second = read(canvas);
  renderer.dispose();
  return [first, second];
}

interface Usage {
  /** Uploads after: one plane, the same with other limits, 20 more planes, the plane before the last. */
  readonly uploads: readonly number[];
  readonly bytes: number;
}

/** Draws many planes of 100 × 100 uint16, one after another. */
function usage(): Usage {
  const canvas = makeCanvas();
  fit(canvas, { name: "", width: 50, height: 50, frames: [] });
  const renderer = new WebglRenderer(canvas);
  const make = (): ReturnType<typeof plane> =>
    plane(
      (length) => new Uint16Array(length),
      (next) => next * 65535,
      { region: { y: [0, 100], x: [0, 100] } },
    );
  const draw = (pixels: ReturnType<typeof plane>, high: number): number => {
    const scale = { limits: { low: 0, high }, gamma: 1 };
    const placement = { centerX: 50, centerY: 50, zoomX: 1, zoomY: 1 };
    const layer = {
      kind: "intensity",
      pixels,
      scale,
      lut: lutOf("gray"),
      blend: "over",
      opacity: 1,
    } as const;
    renderer.draw([{ layers: [layer], placement }]);
    return renderer.usage.uploads;
  };
  const first = make();
  const uploads = [draw(first, 100), draw(first, 200)];
  const planes = Array.from({ length: 20 }, make);
  uploads.push(...planes.map((pixels) => draw(pixels, 300)).slice(-1), draw(planes[18], 300));
  const { bytes } = renderer.usage;
  renderer.dispose();
  return { uploads, bytes };
}

/** What `chooseRenderer` takes when the graphics driver calls itself by a name; null: as it does here. */
function chosen(driver: string | null, choice?: "auto" | Kind): string {
  const { prototype } = WebGL2RenderingContext;
  const original = Reflect.get(prototype, "getParameter") as (this: unknown, name: GLenum) => unknown;
  const unmasked = 0x9246;
  if (driver !== null)
    prototype.getParameter = function (name: GLenum): unknown {
      return name === unmasked ? driver : original.call(this, name);
    };
  try {
    const renderer: Renderer = chooseRenderer(makeCanvas(), choice);
    const { kind } = renderer;
    renderer.dispose();
    return kind;
  } finally {
    prototype.getParameter = original;
  }
}

const tests = { drawAll, lose, usage, chosen };

/** What the test calls. */
export type DrawTests = typeof tests;

Object.assign(globalThis, { drawTests: tests });
