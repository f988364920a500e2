import { join } from "node:path";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { LABEL_COLORS, LABEL_FACTOR } from "../../../webview/draw/labels";
import { levelOf } from "../../../webview/draw/renderer";
import type { DrawnLayer, Frame } from "../../../webview/draw/renderer";
import { findChromium } from "../../vscode-host/chromium.mjs";
import { CASES, TRANSLUCENT } from "./draw/cases";
import type { DrawCase } from "./draw/cases";
import type { DrawTests } from "./draw/page";

const program = findChromium();
if (program === null) console.warn("No Chromium or Chrome here: what is drawn is not read back.");

type Color = readonly [red: number, green: number, blue: number, alpha: number];
const NONE: Color = [0, 0, 0, 0];
const unpack = (word: number): Color => [word & 255, (word >>> 8) & 255, (word >>> 16) & 255, word >>> 24];

/** Number of the sample under a canvas pixel, null outside. */
function sampleAt(
  layer: DrawnLayer,
  { placement }: Frame,
  at: { x: number; y: number; in: DrawCase },
): number | null {
  const { region, step, width } = layer.pixels;
  const { ratio = 1 } = at.in;
  const x = placement.centerX + (at.x + 0.5 - at.in.width / 2) / (placement.zoomX * ratio);
  const y = placement.centerY + (at.y + 0.5 - at.in.height / 2) / (placement.zoomY * ratio);
  if (x < region.x[0] || x >= region.x[1] || y < region.y[0] || y >= region.y[1]) return null;
  return Math.floor((y - region.y[0]) / step.y) * width + Math.floor((x - region.x[0]) / step.x);
}

function colorOf(layer: DrawnLayer, sample: number): Color {
  const value = layer.pixels.data[sample];
  if (layer.kind === "labels") {
    if (value === 0 || layer.hidden.has(value)) return NONE;
    const hash = (BigInt.asUintN(32, BigInt(Math.trunc(value) || 0)) * BigInt(LABEL_FACTOR)) & 0xffffffffn;
    const color = unpack(LABEL_COLORS[Number(hash >> 24n)]);
    if (layer.picked === null || layer.picked === value) return color;
    return [Math.floor(color[0] / 4), Math.floor(color[1] / 4), Math.floor(color[2] / 4), 255];
  }
  const shown = layer.kind === "difference" ? value - layer.other.data[sample] : value;
  return Number.isNaN(shown) ? NONE : unpack(layer.lut[levelOf(shown, layer.scale)]);
}

function lay(below: Color, layer: DrawnLayer, color: Color): Color {
  const { opacity } = layer;
  const channels = [0, 1, 2] as const;
  if (color[3] === 0) return below;
  if (layer.kind === "intensity" && layer.blend === "add") {
    const [red, green, blue] = channels.map((c) => Math.min(255, below[c] + Math.round(color[c] * opacity)));
    return [red, green, blue, 255];
  }
  if (below[3] === 0) return [color[0], color[1], color[2], Math.round(255 * opacity)];
  const [red, green, blue] = channels.map((c) => Math.round(below[c] + (color[c] - below[c]) * opacity));
  return [red, green, blue, 255];
}

/** The picture as it has to be, pixel by pixel. */
function expected(picture: DrawCase): Uint8Array {
  const { width, height } = picture;
  const bytes = new Uint8Array(4 * width * height);
  for (const frame of picture.frames) {
    const [first, last] = frame.columns ?? [0, width];
    for (let y = 0; y < height; y++)
      for (let x = first; x < last; x++) {
        let color = NONE;
        for (const layer of frame.layers) {
          const sample = sampleAt(layer, frame, { x, y, in: picture });
          if (sample !== null) color = lay(color, layer, colorOf(layer, sample));
        }
        bytes.set(color, 4 * (y * width + x));
      }
  }
  return bytes;
}

const bytesOf = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, "base64"));

/** How many pixels are not the same. */
function differing(a: Uint8Array, b: Uint8Array): number {
  if (a.length !== b.length) return Infinity;
  const [left, right] = [a, b].map((bytes) => new Uint32Array(bytes.slice().buffer));
  return left.reduce((sum, word, i) => sum + Number(word !== right[i]), 0);
}

describe.skipIf(program === null)("what is drawn, read back from a browser", () => {
  let browser: Browser;
  let page: Page;
  const call = <Name extends keyof DrawTests>(
    name: Name,
    ...given: Parameters<DrawTests[Name]>
  ): Promise<any> =>
    page.evaluate(([key, parameters]) => (globalThis as any).drawTests[key](...parameters), [
      name,
      given,
    ] as const);

  beforeAll(async () => {
    const args = ["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"];
    browser = await chromium.launch({ executablePath: program ?? undefined, headless: true, args });
    page = await browser.newPage();
    const { outputFiles } = await build({
      entryPoints: [join(import.meta.dirname, "draw/page.ts")],
      ...{ bundle: true, write: false, format: "iife", platform: "browser", target: "es2022" },
    });
    await page.addScriptTag({ content: outputFiles[0].text });
  });
  afterAll(() => browser.close());

  describe.each(["canvas2d", "webgl2"] as const)("by %s", (kind) => {
    let drawn: Record<string, string>;
    beforeAll(async () => {
      drawn = await call("drawAll", kind);
    });

    test.each(CASES.map((picture) => [picture.name, picture] as const))(
      "%s: every pixel is right",
      (name, picture) => {
        expect(differing(bytesOf(drawn[name]), expected(picture))).toBe(0);
      },
    );
    test("the renderer is the one that was asked for and made no error", () => {
      expect(drawn).toMatchObject({ kind, error: "0" });
    });
    test("a translucent bottom layer is as translucent as it should be, in its colours", () => {
      const found = bytesOf(drawn[TRANSLUCENT.name]);
      const wanted = expected(TRANSLUCENT);
      expect(wanted.filter((value, i) => i % 4 === 3 && value === 102).length).toBeGreaterThan(1000);
      // A 2-D canvas keeps colours times alpha: 102 of 255 levels, half a step of which is 1.25, and rounding.
      const furthest = wanted.reduce((most, value, i) => Math.max(most, Math.abs(value - found[i])), 0);
      expect(furthest).toBeLessThanOrEqual(2);
      expect(found.every((value, i) => i % 4 !== 3 || value === wanted[i])).toBe(true);
    });
    test("clearing leaves nothing", () => {
      expect(bytesOf(drawn[""]).every((value) => value === 0)).toBe(true);
    });
  });

  test("the pictures test something: none but the empty ones are of one colour", () => {
    const plain = CASES.filter((picture) => new Set(new Uint32Array(expected(picture).buffer)).size < 3);
    expect(plain.map(({ name }) => name)).toEqual(["wholly outside"]);
  });

  test("a picture comes back by itself after the graphics context was lost and restored", async () => {
    const [before, after] = await call("lose", "two overlays over a composite", null);
    expect(after).toBe(before);
  });

  test("what was drawn while the context was lost is there when it is restored", async () => {
    const [before, after] = await call("lose", "uint16", "labels of uint16");
    const wanted = expected(CASES.find(({ name }) => name === "labels of uint16")!);
    expect(differing(bytesOf(after), wanted)).toBe(0);
    expect(after).not.toBe(before);
  });

  test("planes are uploaded when they are new, and memory stays that of two", async () => {
    const { uploads, bytes } = await call("usage");
    expect(uploads).toEqual([1, 1, 21, 21]);
    expect(bytes).toBeLessThanOrEqual(2 * 2 * 2048 * 5);
  });

  test.each([
    [
      "ANGLE (Google, Vulkan 1.3.0 (SwiftShader Device (Subzero) (0x0000C0DE)), SwiftShader driver)",
      "canvas2d",
    ],
    ["llvmpipe (LLVM 15.0.6, 256 bits)", "canvas2d"],
    ["ANGLE (Microsoft, Microsoft Basic Render Driver Direct3D11 vs_5_0 ps_5_0, D3D11)", "canvas2d"],
    ["ANGLE (NVIDIA, NVIDIA GeForce RTX 3060 Direct3D11 vs_5_0 ps_5_0, D3D11)", "webgl2"],
    ["ANGLE (Apple, ANGLE Metal Renderer: Apple M2, Unspecified Version)", "webgl2"],
    [null, "canvas2d"],
  ])("with the driver %s pictures are drawn by %s", async (driver, kind) => {
    expect(await call("chosen", driver)).toBe(kind);
  });

  test.each(["canvas2d", "webgl2"] as const)("%s can be asked for", async (kind) => {
    expect(await call("chosen", "any driver", kind)).toBe(kind);
  });
});
