import assert from "node:assert/strict";
import { join } from "node:path";
import { commands } from "vscode";
import { fitView, placementOf, toScreen } from "../../webview/draw/geometry";
import { labelColor } from "../../webview/draw/labels";
import { lutOf } from "../../webview/draw/luts";
import { levelOf } from "../../webview/draw/renderer";
import { panePlacement } from "../../webview/scene";
import {
  DEPTH,
  HEIGHT,
  TALL,
  WIDTH,
  colorsAt,
  focusPicture,
  inViewer,
  paneSize,
  unpack,
  untilDrawn,
  untilPictures,
} from "./drawn";
import type { Color } from "./drawn";
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

  it("list all keys on the help page, which Esc closes", async function () {
    const page = Page.for(this);
    await openStack(page, await stack("help.tif", "uint8", values.uint8));
    await focusPicture(page);
    await page.press("?");
    const text = await page.text({ frame: "webview", selector: "#help" });
    for (const words of ["Orthogonal views", "Undo", "Next slice"]) assert.ok(text.includes(words), words);
    assert.equal(await inViewer(page, "document.querySelector('#help').scrollTop"), 0);
    assert.equal(await inViewer(page, "document.activeElement.closest('#help') !== null"), true);
    await page.press("Escape");
    assert.equal(await inViewer(page, "document.querySelector('#help').open"), false);
    // By its button, as by the one of the toolbar.
    await page.click({ frame: "webview", selector: "#open-help" });
    await page.click({ frame: "webview", selector: "#close-help" });
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

  it("violate no content security policy and raise no fault", async function () {
    const page = Page.for(this);
    const { cspViolations, faults } = await diagnostics();
    const now = { page: (await page.cspViolations()).length, told: cspViolations.length + faults.length };
    assert.deepEqual(now, earlier, [...cspViolations, ...faults].join("\n"));
  });
});
