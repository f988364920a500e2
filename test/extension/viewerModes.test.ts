import assert from "node:assert/strict";
import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { Uri, commands } from "vscode";
import { fitView, placementOf, toScreen } from "../../webview/draw/geometry";
import type { Placement, Size } from "../../webview/draw/geometry";
import { DIFFERENCE_LUT, lutOf } from "../../webview/draw/luts";
import { labelColor } from "../../webview/draw/labels";
import { levelOf } from "../../webview/draw/renderer";
import { panePlacement } from "../../webview/scene";
import { Page } from "./page";
import {
  closeAll,
  diagnostics,
  openStack,
  picture,
  testFolder,
  until,
  untilPlane,
  writeStack,
} from "./support";

const WIDTH = 30;
const HEIGHT = 20;
const DEPTH = 6;
/** Pixel sizes of writeStack: 0.5 µm and slices of 2 µm. */
const TALL = 4;

type Color = readonly [red: number, green: number, blue: number, alpha: number];

const inViewer = (page: Page, expression: string): Promise<unknown> =>
  page.evaluate(expression, { frame: "webview" });

const focusPicture = (page: Page): Promise<unknown> =>
  inViewer(page, "document.querySelector('#picture').focus()");

/** Waits until the picture is made of these, "own 0,0,0,2; other 1,0,0,2". */
async function untilPictures(page: Page, wanted: RegExp): Promise<void> {
  await until(`the pictures are ${wanted.source}`, async () =>
    wanted.test((await picture(page)).pictures ?? "") ? true : undefined,
  );
}

async function paneSize(page: Page, selector: string): Promise<Size> {
  return (await inViewer(
    page,
    `(({ width, height }) => ({ width, height }))(document.querySelector("${selector}").getBoundingClientRect())`,
  )) as Size;
}

/** Colours of the canvas at the middles of picture pixels. */
async function colorsAt(
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

async function planeColors(page: Page): Promise<Color[]> {
  const view = fitView({ width: WIDTH, height: HEIGHT }, await paneSize(page, "#picture"));
  return colorsAt(page, "#picture", placementOf(view), everyPixel);
}

const unpack = (color: number): Color => [
  color & 0xff,
  (color >>> 8) & 0xff,
  (color >>> 16) & 0xff,
  color >>> 24,
];

/** Waits until every pixel of the plane is drawn in the colour that is expected of it. */
async function untilDrawn(
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

describe("the modes of the viewer", () => {
  const folder = testFolder("modes");
  const stack = (
    name: string,
    dtype: "uint8" | "uint16" | "int16" | "uint32" | "float32",
    value: (i: number) => number,
  ) => writeStack(join(folder, name), { axes: "ZYX", shape: [DEPTH, HEIGHT, WIDTH], dtype }, value);
  const plane = HEIGHT * WIDTH;

  let earlier: { readonly page: number; readonly told: number } = { page: 0, told: 0 };
  before(async function () {
    await commands.executeCommand("notifications.clearAll");
    const { cspViolations, faults } = await diagnostics();
    earlier = {
      page: (await Page.for(this).cspViolations()).length,
      told: cspViolations.length + faults.length,
    };
  });
  afterEach(closeAll);

  const values = {
    uint8: (i: number) => (i * 7) % 256,
    uint16: (i: number) => (i * 97) % 65_536,
    int16: (i: number) => ((i * 97) % 65_536) - 32_768,
    float32: (i: number) => [NaN, Infinity, -Infinity, i / 8][Math.min(3, i % 40)],
  };
  for (const dtype of ["uint8", "uint16", "int16", "float32"] as const) {
    it(`draw every pixel of ${dtype} as the file has it, through the LUT`, async function () {
      const page = Page.for(this);
      await openStack(page, await stack(`${dtype}.tif`, dtype, values[dtype]));
      await untilPlane(page, "0,2,0");
      const gray = lutOf("gray");
      await untilDrawn(page, (i, limits) => {
        const value = values[dtype](2 * plane + i);
        return Number.isNaN(value) ? [0, 0, 0, 0] : unpack(gray[levelOf(value, { limits, gamma: 1 })]);
      });
    });
  }

  it("draw labels above 65535 in colours of their own, and pick one with a click", async function () {
    const page = Page.for(this);
    const label = (i: number): number => (i % 5 === 0 ? 0 : 70_000 + Math.floor(i / 50));
    await openStack(page, await stack("labels.tif", "uint32", label));
    await focusPicture(page);
    await page.press("m");
    const black: Color = [0, 0, 0, 255];
    const colorOf = (i: number): Color =>
      label(2 * plane + i) === 0 ? black : unpack(labelColor(label(2 * plane + i)));
    await untilDrawn(page, colorOf);
    const size = await paneSize(page, "#picture");
    const at = toScreen(placementOf(fitView({ width: WIDTH, height: HEIGHT }, size)), size, {
      x: 7.5,
      y: 3.5,
    });
    await inViewer(
      page,
      `(() => {
        const canvas = document.querySelector("#picture");
        const box = canvas.getBoundingClientRect();
        const where = { clientX: box.left + ${at.x}, clientY: box.top + ${at.y}, pointerId: 1, bubbles: true };
        canvas.setPointerCapture = () => undefined;
        for (const kind of ["pointerdown", "pointerup"]) canvas.dispatchEvent(new PointerEvent(kind, where));
      })()`,
    );
    const picked = label(2 * plane + 3 * WIDTH + 7);
    await untilDrawn(page, (i) => {
      const own = label(2 * plane + i);
      const [red, green, blue] = colorOf(i);
      return own === picked || own === 0 ? colorOf(i) : [red >> 2, green >> 2, blue >> 2, 255];
    });
  });

  it("cut along XZ and YZ to scale, where the plane was clicked, and the sections are those of the file", async function () {
    const page = Page.for(this);
    await openStack(page, await stack("orthogonal.tif", "uint16", values.uint16));
    await focusPicture(page);
    await page.press("o");
    await untilPictures(page, /^own/);
    await until("both sections are there", async () =>
      (await inViewer(
        page,
        `["xz", "yz"].every((name) => document.querySelector("#picture-" + name).dataset.pictures !== undefined)`,
      )) === true
        ? true
        : undefined,
    );
    const { low, high } = await picture(page);
    const scale = { limits: { low: Number(low), high: Number(high) }, gamma: 1 };
    const [cursorY, cursorX] = [HEIGHT / 2, WIDTH / 2];
    const view = fitView({ width: WIDTH, height: HEIGHT }, await paneSize(page, "#picture"));
    for (const pane of ["xz", "yz"] as const) {
      const screen = await paneSize(page, `#picture-${pane}`);
      const placement = panePlacement(pane, view, { screen, aspect: { y: 1, z: TALL }, z: 2, depth: DEPTH });
      const seen = Array.from({ length: DEPTH }, (_, z): [number, number] =>
        pane === "xz" ? [cursorX, z] : [z, cursorY],
      ).filter(([x, y]) => {
        const at = toScreen(placement, screen, { x: x + 0.5, y: y + 0.5 });
        return at.x > 0 && at.y > 0 && at.x < screen.width && at.y < screen.height;
      });
      assert.ok(seen.length > 2, `${seen.length} slices of ${pane} are on the screen`);
      const drawn = await colorsAt(page, `#picture-${pane}`, placement, seen);
      const expected = seen.map(([x, y]) => {
        const z = pane === "xz" ? y : x;
        return unpack(lutOf("gray")[levelOf(values.uint16(z * plane + cursorY * WIDTH + cursorX), scale)]);
      });
      assert.deepEqual(drawn, expected, pane);
    }
  });

  it("project the slices that are chosen: maximum, mean and sum", async function () {
    const page = Page.for(this);
    const uri = await stack("projection.tif", "uint8", values.uint8);
    await openStack(page, uri);
    await focusPicture(page);
    const over = (i: number, slices: readonly number[]): number[] =>
      slices.map((z) => values.uint8(z * plane + i));
    const all = [0, 1, 2, 3, 4, 5];
    const gray = lutOf("gray");
    const shows = (value: (i: number) => number): Promise<void> =>
      untilDrawn(page, (i, limits) => unpack(gray[levelOf(value(i), { limits, gamma: 1 })]));
    await page.press("p");
    await untilPictures(page, /max,0,6/);
    await shows((i) => Math.max(...over(i, all)));
    await inViewer(
      page,
      `(() => {
        const input = document.querySelector("#projection-first");
        input.value = "4";
        input.dispatchEvent(new Event("change"));
      })()`,
    );
    await untilPictures(page, /max,4,6/);
    await shows((i) => Math.max(...over(i, [4, 5])));
    await page.press("p");
    await untilPictures(page, /mean,4,6/);
    await shows((i) => (over(i, [4, 5])[0] + over(i, [4, 5])[1]) / 2);
    await page.press("p");
    await untilPictures(page, /sum,4,6/);
    await shows((i) => over(i, [4, 5])[0] + over(i, [4, 5])[1]);
    await page.press("p");
    await untilPictures(page, /^own 0,0,0,2$/);
  });

  it("add the colours of channels, and hide one with its key", async function () {
    const page = Page.for(this);
    const value = (i: number): number => (i * 11) % 256;
    const uri = await writeStack(
      join(folder, "composite.tif"),
      { axes: "CYX", shape: [2, HEIGHT, WIDTH], dtype: "uint8" },
      value,
    );
    await openStack(page, uri);
    await focusPicture(page);
    await inViewer(
      page,
      `for (const [id, value] of [["low", "0"], ["high", "255"]]) {
        const input = document.querySelector("#" + id);
        input.value = value;
        input.dispatchEvent(new Event("change"));
      }`,
    );
    await page.press("c");
    await untilPlane(page, "0,0,1");
    await inViewer(
      page,
      `for (const [id, value] of [["low", "0"], ["high", "255"]]) {
        const input = document.querySelector("#" + id);
        input.value = value;
        input.dispatchEvent(new Event("change"));
      }`,
    );
    await focusPicture(page);
    await page.press("m");
    await page.press("m");
    await untilPictures(page, /own 0,0,0,0; own 0,0,1,0/);
    // Magenta and green, as napari gives two channels without colours.
    await untilDrawn(page, (i) => [value(i), value(plane + i), value(i), 255]);
    await page.press("2");
    await untilPictures(page, /^own 0,0,1,0$/);
    await untilDrawn(page, (i) => [0, value(plane + i), 0, 255]);
  });

  it("compare two stacks by swipe, blend, flicker and signed difference", async function () {
    const page = Page.for(this);
    const first = await stack("first.tif", "uint8", (i) => i % 200);
    const second = await stack("second.tif", "uint8", (i) => Math.max(0, (i % 200) + (i % 3) - 1));
    await openStack(page, first);
    await commands.executeCommand("tilewright.compareStacks", first, second);
    await untilPictures(page, /own 0,0,0,2; other 1,0,0,2/);
    const own = (i: number): number => (2 * plane + i) % 200;
    const other = (i: number): number => Math.max(0, own(i) + ((2 * plane + i) % 3) - 1);
    const gray = (value: number, limits: { low: number; high: number }): Color =>
      unpack(lutOf("gray")[levelOf(value, { limits, gamma: 1 })]);
    // The border of the swipe is in the middle of the picture.
    await untilDrawn(page, (i, limits) => gray(i % WIDTH < WIDTH / 2 ? own(i) : other(i), limits));
    await focusPicture(page);
    await page.press("x");
    await untilDrawn(page, (i, limits) => {
      const half = (value: number): number => Math.round(gray(value, limits)[0] * 0.5);
      const sum = Math.min(255, half(own(i)) + half(other(i)));
      return [sum, sum, sum, 255];
    });
    await page.press("x");
    await until("the flicker shows the one and the other", async () => {
      const [shown] = await planeColors(page);
      const { low, high } = await picture(page);
      const limits = { low: Number(low), high: Number(high) };
      return shown.join() === gray(other(0), limits).join() ? true : undefined;
    });
    await page.press("x");
    const largest = { low: -1, high: 1 };
    await untilDrawn(page, (i) =>
      unpack(DIFFERENCE_LUT[levelOf(own(i) - other(i), { limits: largest, gamma: 1 })]),
    );
  });

  it("undo and redo what was changed, and remember all of it when the tab is hidden", async function () {
    const page = Page.for(this);
    await openStack(page, await stack("undo.tif", "uint16", values.uint16));
    await focusPicture(page);
    await page.press("p");
    await untilPictures(page, /max/);
    await page.press("o");
    await page.press("Control+z");
    await page.press("Control+z");
    await untilPictures(page, /^own 0,0,0,2$/);
    await page.press("Control+y");
    await untilPictures(page, /max,0,6/);
    await page.press("i");
    await commands.executeCommand("workbench.action.files.newUntitledFile");
    await commands.executeCommand("workbench.action.closeActiveEditor");
    await page.waitFor({ frame: "webview", selector: "body[data-state=ready]" });
    await untilPictures(page, /max,0,6/);
    await page.waitFor({ frame: "webview", selector: "#side" });
  });

  it("play along depth, round and round, until stopped", async function () {
    const page = Page.for(this);
    await openStack(page, await stack("play.tif", "uint8", values.uint8));
    await focusPicture(page);
    await page.press("\\");
    await untilPlane(page, "0,5,0");
    await untilPlane(page, "0,1,0");
    await page.press("\\");
    await new Promise((resolve) => setTimeout(resolve, 300));
    const { plane: stopped } = await picture(page);
    await new Promise((resolve) => setTimeout(resolve, 500));
    assert.equal((await picture(page)).plane, stopped);
  });

  it("print values inside pixels and lines between them at high zoom", async function () {
    const page = Page.for(this);
    await openStack(page, await stack("values.tif", "uint16", values.uint16));
    await focusPicture(page);
    const isDrawnOver = (): Promise<unknown> =>
      inViewer(
        page,
        `(() => { const canvas = document.querySelector(".overlay");
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height / 2);
          return data.some((value) => value > 0); })()`,
      );
    assert.equal(await isDrawnOver(), false);
    for (let i = 0; i < 6; i++) await page.press("+");
    await until("something is drawn over the picture", async () =>
      (await isDrawnOver()) === true ? true : undefined,
    );
  });

  it("share plane, place and contrast between viewers that are linked", async function () {
    const page = Page.for(this);
    const first = await stack("linked-1.tif", "uint16", values.uint16);
    const second = await stack("linked-2.tif", "uint16", (i) => values.uint16(i + 5));
    await openStack(page, first);
    await commands.executeCommand("workbench.action.splitEditorRight");
    await openStack(page, second);
    const planes = async (): Promise<unknown[]> =>
      Promise.all(
        [0, 1].map((index) =>
          page.evaluate("document.querySelector('#picture')?.dataset.plane", { frame: "webview", index }),
        ),
      );
    await until("both stacks are shown", async () =>
      (await planes()).join(" ") === "0,2,0 0,2,0" ? true : undefined,
    );
    for (const index of [0, 1])
      await page.evaluate(
        `document.querySelector("#side")?.hidden !== false && document.querySelector("#toggle-side").click();
         document.querySelector("#channels-link").click()`,
        { frame: "webview", index },
      );
    await focusPicture(page);
    await page.press(".");
    await page.press(".");
    await until("both show the fourth slice", async () =>
      (await planes()).join(" ") === "0,4,0 0,4,0" ? true : undefined,
    );
  });

  it("list all keys on the help page, which Esc closes", async function () {
    const page = Page.for(this);
    await openStack(page, await stack("help.tif", "uint8", values.uint8));
    await focusPicture(page);
    await page.press("?");
    const text = await page.text({ frame: "webview", selector: "#help" });
    for (const words of ["Orthogonal views", "Undo", "Next slice"]) assert.ok(text.includes(words), words);
    await page.press("Escape");
    assert.equal(await inViewer(page, "document.querySelector('#help').open"), false);
  });

  it("show what the file says about itself", async function () {
    const page = Page.for(this);
    await openStack(page, await stack("info.tif", "uint8", values.uint8));
    await page.click({ frame: "webview", selector: "#toggle-side" });
    await page.click({ frame: "webview", selector: "#tab-info" });
    await page.waitFor({ frame: "webview", selector: "#info table" });
    const text = await page.text({ frame: "webview", selector: "#info" });
    assert.match(text, /Z 6, Y 20, X 30/);
    assert.match(text, /<OME/);
  });

  it("save the view as a PNG that has the picture in it", async function () {
    const page = Page.for(this);
    await openStack(page, await stack("export.tif", "uint8", values.uint8));
    await focusPicture(page);
    await page.press("s");
    await page.waitFor({ selector: ".quick-input-widget input[type=text]" });
    await page.press("Enter");
    const path = join(folder, "export.png");
    await until("the file is there", () => (existsSync(path) ? true : undefined));
    assert.equal(readFileSync(path).subarray(1, 4).toString(), "PNG");
    assert.ok(readdirSync(folder).includes("export.png"));
    await commands.executeCommand("vscode.open", Uri.file(path));
  });

  it("violate no content security policy and raise no fault", async function () {
    const page = Page.for(this);
    const { cspViolations, faults } = await diagnostics();
    const now = { page: (await page.cspViolations()).length, told: cspViolations.length + faults.length };
    assert.deepEqual(now, earlier, [...cspViolations, ...faults].join("\n"));
  });
});
