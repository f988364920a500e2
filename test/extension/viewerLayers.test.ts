import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { commands } from "vscode";
import type { Uri } from "vscode";
import { labelColor } from "../../webview/draw/labels";
import { DIFFERENCE_LUT, lutOf } from "../../webview/draw/luts";
import { levelOf } from "../../webview/draw/renderer";
import {
  choose,
  clickOn,
  dragOver,
  openTab,
  overlayAt,
  part,
  placeOnScreen,
  pressIn,
  typeInto,
  untilOverlay,
} from "./controls";
import {
  DEPTH,
  HEIGHT,
  WIDTH,
  focusPicture,
  inViewer,
  paneSize,
  planeColors,
  unpack,
  untilDrawn,
  untilPictures,
} from "./drawn";
import type { Color } from "./drawn";
import { Page } from "./page";
import { closeAll, openStack, picture, sampleModel, testFolder, until, writeStack } from "./support";

const PLANE = HEIGHT * WIDTH;

describe("layers and comparisons in the viewer", () => {
  // Stacks of their own for every try: views and layers of a file are remembered.
  let folder = "";
  let tries = 0;
  beforeEach(() => {
    folder = testFolder(`layers-${++tries}`);
  });
  const stack = (name: string, dtype: "uint8" | "uint16" | "float32", value: (i: number) => number) =>
    writeStack(join(folder, name), { axes: "ZYX", shape: [DEPTH, HEIGHT, WIDTH], dtype }, value);
  const gray = (value: number, limits: { low: number; high: number }): Color =>
    unpack(lutOf("gray")[levelOf(value, { limits, gamma: 1 })]);

  before(() => commands.executeCommand("notifications.clearAll"));
  afterEach(closeAll);

  it("lists the tiles of plans and runs, and draws their borders and the tile under the pointer", async function () {
    const page = Page.for(this);
    const size = { width: 128, height: 96 };
    const input = await writeStack(
      join(folder, "tiled.tif"),
      { axes: "YX", shape: [size.height, size.width], dtype: "uint16" },
      (i) => (i * 7) % 1000,
    );
    const order = { model: sampleModel("care2d"), tiles: { Y: 2, X: 2 }, engine: "cpu", overwrite: true };
    const out = join(folder, "tiled_care2d.tif");
    await commands.executeCommand("tilewright.predictTiled", input, { ...order, out });
    const plan = { ...order, tiles: { Y: 3, X: 4 } };
    const text = await commands.executeCommand<string>("tilewright.explainTiling", input, plan);
    const tiles = async (): Promise<number> => Number.parseInt(await page.text(part("#tiles .figures")), 10);
    const record = JSON.parse(readFileSync(`${out}.run.json`, "utf8")) as {
      started: string;
      plan: { axes: string; tiles: { write: [number, number][] }[] };
    };
    const columnsOf = ({ axes, tiles }: (typeof record)["plan"]): number[] => [
      ...new Set(tiles.map(({ write }) => write[axes.indexOf("X")][0])),
    ];
    const [, border] = columnsOf(record.plan).sort((a, b) => a - b);
    assert.ok(border > 0 && border < size.width, `tiles begin at ${columnsOf(record.plan).join()}`);
    const run = `run of ${record.started.slice(0, 10)}`;
    const names = (): Promise<unknown> =>
      inViewer(
        page,
        `[...document.querySelectorAll("#tile-grid vscode-option")].map((one) => one.textContent)`,
      );
    await openStack(page, input);
    await openTab(page, "layers");
    await page.waitFor(part("#tile-grid"));
    assert.deepEqual(await names(), ["plan: care2d", `${run}: tiled_care2d.tif`]);
    await choose(page, "#tile-grid", `${run}: tiled_care2d.tif`);
    const on = await placeOnScreen(page, [border, 5], size);
    const beside = await placeOnScreen(page, [border - 3, 5], size);
    assert.deepEqual(await overlayAt(page, [on, beside]), [0, 0]);
    await clickOn(page, "#show-tiles");
    await untilOverlay(page, true, [on]);
    await untilOverlay(page, false, [beside]);
    assert.equal(await tiles(), record.plan.tiles.length);
    // What it read reaches beyond its border; what is known of it stands in the corner.
    const corner: [number, number] = [20, (await paneSize(page, "#pane-xy")).height - 20];
    assert.deepEqual(await overlayAt(page, [corner]), [0]);
    await page.hover(part("#picture"), await placeOnScreen(page, [10, 10], size));
    await untilOverlay(page, true, [corner]);
    await choose(page, "#tile-grid", "plan: care2d");
    const planned = Number(/: (\d+) network calls/.exec(text)?.[1]);
    assert.ok(planned > record.plan.tiles.length, text);
    await until("the tiles of the plan", async () => ((await tiles()) === planned ? true : undefined));
    await closeAll();
    await commands.executeCommand("vscode.open", input.with({ path: out }));
    await page.waitFor(part("body[data-state=ready]"));
    await openTab(page, "layers");
    await page.waitFor(part("#tile-grid"));
    assert.deepEqual(await names(), [run]);
    await focusPicture(page);
    await page.press("g");
    await untilOverlay(page, true, [await placeOnScreen(page, [border, 5], size)]);
  });

  it("lays a mask and a heat map over the picture, with opacity, LUT and limits", async function () {
    const page = Page.for(this);
    const own = (i: number): number => (i * 3) % 200;
    const label = (i: number): number => i % 3;
    const heat = (i: number): number => (i % PLANE) / 600;
    const first = await stack("below.tif", "uint8", own);
    // Long before it is added: a file that still changes is described anew, and its card with it.
    const hotter = await stack("heat.tif", "float32", heat);
    const add = (uri: Uri): Thenable<unknown> => commands.executeCommand("tilewright.addLayer", first, uri);
    await openStack(page, first);
    await add(await stack("mask.tif", "uint8", label));
    await openTab(page, "layers");
    const mixed = (from: Color, to: Color, share: number): Color => {
      const [red, green, blue] = [0, 1, 2].map((at) => Math.round(from[at] + (to[at] - from[at]) * share));
      return [red, green, blue, 255];
    };
    const below = (i: number, limits: { low: number; high: number }): Color => gray(own(i), limits);
    const masked = (i: number, limits: { low: number; high: number }, share: number): Color =>
      label(i) === 0 ? below(i, limits) : mixed(below(i, limits), unpack(labelColor(label(i))), share);
    await untilDrawn(page, (i, limits) => masked(i, limits, 0.5));
    await pressIn(page, "#layer-1-opacity", "ArrowRight", "ArrowRight");
    await untilDrawn(page, (i, limits) => masked(i, limits, 0.52));
    await pressIn(page, "#layer-1-opacity", "End");
    await untilDrawn(page, (i, limits) => masked(i, limits, 1));
    await clickOn(page, "#layer-1-visible");
    await untilDrawn(page, below);
    await add(hotter);
    await page.waitFor(part("#layer-2-opacity"));
    const hot = (i: number, lut: string, limits: { low: number; high: number }): Color =>
      unpack(lutOf(lut)[levelOf(Math.fround(heat(i)), { limits, gamma: 1 })]);
    await choose(page, "#layer-2-lut", "viridis");
    await typeInto(page, "#layer-2-low", "0.25");
    await typeInto(page, "#layer-2-high", "0.75");
    const chosen = { low: 0.25, high: 0.75 };
    await untilDrawn(page, (i, limits) => mixed(below(i, limits), hot(i, "viridis", chosen), 0.5));
    await choose(page, "#layer-2-lut", "Fire");
    const { width, height } = await paneSize(page, "#layer-2-opacity");
    await page.drag(part("#layer-2-opacity"), [width / 2, height / 2], [width + 9, height / 2]);
    await untilDrawn(page, (i) => hot(i, "fire", chosen));
    await clickOn(page, "#layer-2-remove");
    await untilDrawn(page, below);
  });

  it("draws a layer as labels, as a heat map or in gray, as it is chosen with the mouse or the keyboard", async function () {
    const page = Page.for(this);
    const own = (i: number): number => (i * 3) % 200;
    const label = (i: number): number => i % 5;
    const first = await stack("under.tif", "uint8", own);
    await openStack(page, first);
    await commands.executeCommand("tilewright.addLayer", first, await stack("kinds.tif", "uint8", label));
    await openTab(page, "layers");
    await pressIn(page, "#layer-1-opacity", "End");
    const labels = (i: number, limits: { low: number; high: number }): Color =>
      label(i) === 0 ? gray(own(i), limits) : unpack(labelColor(label(i)));
    const heat = (lut: string, high: number): Promise<void> =>
      untilDrawn(page, (i) => unpack(lutOf(lut)[levelOf(label(i), { limits: { low: 0, high }, gamma: 1 })]));
    await untilDrawn(page, labels);
    await choose(page, "#layer-1-kind", "Intensity");
    await typeInto(page, "#layer-1-low", "0");
    await typeInto(page, "#layer-1-high", "4");
    await heat("fire", 4);
    await choose(page, "#layer-1-lut", "Grays");
    await heat("gray", 4);
    await pressIn(page, "#layer-1-kind", "ArrowDown");
    await untilDrawn(page, labels);
    await pressIn(page, "#layer-1-kind", "ArrowUp");
    await heat("gray", 4);
    // The arrow keys of the list do not step through slices.
    assert.equal((await picture(page)).plane, "0,2,0");
    await choose(page, "#layer-1-kind", "Labels");
    await untilDrawn(page, labels);
  });

  it("flickers by itself, and by its button and its key where the computer asks for little motion", async function () {
    const page = Page.for(this);
    const own = (i: number): number => i % 200;
    const other = (i: number): number => (i * 3) % 200;
    const [first, second] = [await stack("on.tif", "uint8", own), await stack("off.tif", "uint8", other)];
    const shows = (value: (i: number) => number): Promise<void> =>
      untilDrawn(page, (i, limits) => gray(value(i), limits));
    await openStack(page, first);
    await openTab(page, "layers");
    await commands.executeCommand("tilewright.compareStacks", first, second);
    await untilPictures(page, /own 0,0,0,2; other 1,0,0,2/);
    await typeInto(page, "#low", "0");
    await typeInto(page, "#high", "199");
    await clickOn(page, "#compare-mode-flicker");
    for (const value of [other, own, other]) await shows(value);
    await clickOn(page, "#compare-mode-swipe");
    await inViewer(
      page,
      `(() => {
        const ask = window.matchMedia.bind(window);
        window.matchMedia = (query) => (/reduced-motion/.test(query) ? { matches: true } : ask(query));
      })()`,
    );
    await clickOn(page, "#compare-mode-flicker");
    const isDrawn = (drawn: readonly Color[], value: (i: number) => number): boolean =>
      drawn.every((color, i) => color.join() === gray(value(i), { low: 0, high: 199 }).join());
    const now = await until("one of both is shown", async () => {
      const drawn = await planeColors(page);
      return [own, other].find((value) => isDrawn(drawn, value));
    });
    const then = now === own ? other : own;
    await clickOn(page, "#compare-flicker");
    await shows(then);
    await pressIn(page, "#compare-flicker", "Enter");
    await shows(now);
    await pressIn(page, "#picture", "f");
    await shows(then);
  });

  it("compares by what the page says: modes, the border dragged by the mouse, the scale of differences", async function () {
    const page = Page.for(this);
    const own = (i: number): number => i % 200;
    const other = (i: number): number => (i * 3) % 200;
    const [first, second] = [await stack("left.tif", "uint8", own), await stack("right.tif", "uint8", other)];
    await openStack(page, first);
    await openTab(page, "layers");
    // Both buttons ask for the other stack.
    await clickOn(page, "#add-layer");
    await page.waitFor({ selector: ".quick-input-widget:has-text('Add a layer to left.tif')" });
    await page.press("Escape");
    await clickOn(page, "#compare-with");
    await page.waitFor({ selector: ".quick-input-widget:has-text('Compare left.tif with')" });
    await page.press("Escape");
    await commands.executeCommand("tilewright.compareStacks", first, second);
    await untilPictures(page, /own 0,0,0,2; other 1,0,0,2/);
    const swiped = (border: number): Promise<void> =>
      untilDrawn(page, (i, limits) => gray(i % WIDTH < border ? own(i) : other(i), limits));
    await swiped(WIDTH / 2);
    await dragOver(page, [WIDTH / 2, 4], [9, 4]);
    await swiped(9);
    await page.press("Control+z");
    await swiped(WIDTH / 2);
    await clickOn(page, "#compare-mode-blend");
    await pressIn(page, "#compare-at", "Home");
    await untilDrawn(page, (i, limits) => gray(own(i), limits));
    await page.press("End");
    await untilDrawn(page, (i, limits) => gray(other(i), limits));
    // The arrow keys go from one way to the next.
    await pressIn(page, "#compare-mode-blend", "ArrowRight", "ArrowRight");
    await page.waitFor(part("#compare-mode-difference[aria-checked=true]"));
    const difference = (limit: number): Promise<void> =>
      untilDrawn(page, (i) => {
        const limits = { low: -limit, high: limit };
        return unpack(DIFFERENCE_LUT[levelOf(own(i) - other(i), { limits, gamma: 1 })]);
      });
    const differences = Array.from({ length: PLANE }, (_, i) => own(i) - other(i));
    const largest = Math.max(...differences.map(Math.abs));
    await difference(largest);
    const rms = Math.sqrt(differences.reduce((sum, one) => sum + one * one, 0) / PLANE);
    const facts = `square difference ${Number(rms.toPrecision(4))}, largest ${largest}.`;
    assert.ok((await page.text(part("#compare-facts"))).endsWith(facts), facts);
    await typeInto(page, "#compare-limit", "50");
    await difference(50);
    await clickOn(page, "#compare-auto");
    await difference(largest);
    await clickOn(page, "#layer-1-compare");
    await untilPictures(page, /^own 0,0,0,2; over 1/);
    assert.equal((await picture(page)).plane, "0,2,0");
  });
});
