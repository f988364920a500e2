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
  copied,
  dragOver,
  fieldValue,
  openTab,
  overlayAt,
  part,
  placeOnScreen,
  pressIn,
  tableOf,
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
  unpack,
  untilDrawn,
  untilPictures,
} from "./drawn";
import type { Color } from "./drawn";
import { Page } from "./page";
import {
  closeAll,
  openStack,
  picture,
  sampleModel,
  testFolder,
  until,
  untilPlane,
  writeStack,
} from "./support";

const PLANE = HEIGHT * WIDTH;

describe("measuring, layers and comparisons in the viewer", () => {
  // Stacks of their own for every try: views and layers of a file are remembered.
  let folder = "";
  let tries = 0;
  beforeEach(() => {
    folder = testFolder(`measure-${++tries}`);
  });
  const stack = (name: string, dtype: "uint8" | "uint16" | "float32", value: (i: number) => number) =>
    writeStack(join(folder, name), { axes: "ZYX", shape: [DEPTH, HEIGHT, WIDTH], dtype }, value);
  const gray = (value: number, limits: { low: number; high: number }): Color =>
    unpack(lutOf("gray")[levelOf(value, { limits, gamma: 1 })]);
  const isHidden = (page: Page, selector: string): Promise<unknown> =>
    inViewer(page, `document.querySelector("${selector}")?.checkVisibility() !== true`);

  before(() => commands.executeCommand("notifications.clearAll"));
  afterEach(closeAll);

  it("shows and copies the values along a line that the mouse drew, and that its fields move", async function () {
    const page = Page.for(this);
    const value = (i: number): number => {
      const [y, x] = [Math.floor((i % PLANE) / WIDTH), i % WIDTH];
      return x * x + 3 * x * y + 2 * y * y + 1000 * Math.floor(i / PLANE);
    };
    const at = (y: number, x: number): number => value(2 * PLANE + y * WIDTH + x);
    /** Between the centres of the four pixels around a place. */
    const between = (y: number, x: number): number => {
      const [row, column] = [Math.floor(y - 0.5), Math.floor(x - 0.5)];
      const [down, across] = [y - 0.5 - row, x - 0.5 - column];
      const along = (r: number): number =>
        across === 0 ? at(r, column) : at(r, column) * (1 - across) + at(r, column + 1) * across;
      return down === 0 ? along(row) : along(row) * (1 - down) + along(row + 1) * down;
    };
    const profile = async (
      [x0, y0]: readonly [number, number],
      [x1, y1]: readonly [number, number],
      tolerance: number,
    ): Promise<void> => {
      const { head, rows } = tableOf(await copied(page, "#copy-profile"));
      assert.deepEqual(head, ["distance (µm)", "line.tif"]);
      const last = Math.round(Math.hypot(x1 - x0, y1 - y0));
      assert.equal(rows.length, last + 1);
      for (const [i, [distance, shown]] of rows.entries()) {
        const share = i / last;
        const expected = between(y0 + (y1 - y0) * share, x0 + (x1 - x0) * share);
        assert.ok(Math.abs(Number(shown) - expected) <= tolerance, `place ${i}: ${shown}, not ${expected}`);
        const along = 0.5 * share * Math.hypot(x1 - x0, y1 - y0);
        assert.ok(Math.abs(Number(distance) - along) < 0.01, `place ${i} at ${distance}, not ${along}`);
      }
    };
    await openStack(page, await stack("line.tif", "uint16", value));
    await untilPlane(page, "0,2,0");
    await focusPicture(page);
    await page.press("l");
    await page.waitFor(part("#measure"));
    await dragOver(page, [3, 4], [25, 15]);
    const ids = ["from-x", "from-y", "to-x", "to-y"].map((id) => `#line-${id}`);
    const drawn = await Promise.all(ids.map((id) => fieldValue(page, id)));
    for (const [i, wanted] of [3, 4, 25, 15].entries())
      assert.ok(Math.abs(drawn[i] - wanted) < 0.15, `${ids[i]} is ${drawn[i]}`);
    await untilOverlay(page, true, [await placeOnScreen(page, [3, 4]), await placeOnScreen(page, [25, 15])]);
    await profile([drawn[0], drawn[1]], [drawn[2], drawn[3]], 1.5);
    await page.waitFor(part("#profile-plot canvas"));
    for (const [i, to] of [2.5, 1.5, 26.5, 13.5].entries()) await typeInto(page, ids[i], String(to));
    await until("the line is where its fields say", async () =>
      (await page.text(part("#line-facts"))).startsWith("26.83 px · 13.42 µm · −26.6°") ? true : undefined,
    );
    await profile([2.5, 1.5], [26.5, 13.5], 1e-9);
    // By its end.
    await dragOver(page, [26.5, 13.5], [26.5, 1.5]);
    await until("its end was moved", async () =>
      Math.abs((await fieldValue(page, "#line-to-y")) - 1.5) < 0.15 ? true : undefined,
    );
    await pressIn(page, "#picture", "Escape");
    await until("the line is gone", async () =>
      (await isHidden(page, "#line-from-x")) === true ? true : undefined,
    );
    await untilOverlay(page, false, [await placeOnScreen(page, [14, 1.5])]);
  });

  it("measures the rectangle that the mouse drew, and the same in every slice", async function () {
    const page = Page.for(this);
    const value = (i: number): number =>
      i % 97 === 0 ? NaN : i % 101 === 0 ? Infinity : ((i * 37) % 1000) / 8;
    const measured = (z: number, [x, y, width, height]: readonly number[]): number[] => {
      const all: number[] = [];
      for (let row = y; row < y + height; row++)
        for (let column = x; column < x + width; column++) all.push(value(z * PLANE + row * WIDTH + column));
      const finite = all.filter((one) => Number.isFinite(one));
      const mean = finite.reduce((sum, one) => sum + one, 0) / finite.length;
      const squares = finite.reduce((sum, one) => sum + (one - mean) ** 2, 0);
      const sd = Math.sqrt(squares / (finite.length - 1));
      return [finite.length, mean, sd, Math.min(...finite), Math.max(...finite), all.length - finite.length];
    };
    const untilTable = async (slices: readonly number[], box: readonly number[]): Promise<void> => {
      const size = box.join("\t");
      const { head, rows } = await until(`a table of ${size}`, async () => {
        const table = tableOf(await copied(page, "#copy-statistics"));
        const isRight = table.rows.length === slices.length && table.rows[0].slice(2, 6).join("\t") === size;
        return isRight ? table : undefined;
      });
      const names = ["picture", "z", "x", "y", "width", "height"];
      assert.deepEqual(head, [...names, "count", "mean", "sd", "min", "max", "not finite"]);
      for (const [row, z] of slices.entries()) {
        assert.deepEqual(rows[row].slice(0, 2), ["rectangle.tif", String(z)]);
        const expected = measured(z, box);
        for (const [i, shown] of rows[row].slice(6).map(Number).entries())
          assert.ok(
            Math.abs(shown - expected[i]) <= 1e-9 * Math.abs(expected[i]),
            `${head[6 + i]} of slice ${z}: ${shown}, not ${expected[i]}`,
          );
      }
    };
    await openStack(page, await stack("rectangle.tif", "float32", value));
    await untilPlane(page, "0,2,0");
    await focusPicture(page);
    await page.press("b");
    await page.waitFor(part("#measure"));
    await dragOver(page, [18.6, 13.3], [4.4, 3.5]);
    await untilTable([2], [4, 3, 15, 11]);
    await page.press("ArrowRight");
    await untilPlane(page, "0,3,0");
    await until("slice 3 is measured", async () =>
      tableOf(await copied(page, "#copy-statistics")).rows[0][1] === "3" ? true : undefined,
    );
    await untilTable([3], [4, 3, 15, 11]);
    await clickOn(page, "#over-depth");
    await untilTable([0, 1, 2, 3, 4, 5], [4, 3, 15, 11]);
    await page.waitFor(part("#depth-plot canvas"));
    await page.waitFor(part("#statistics tr[data-z='3'][aria-current]"));
    // As a whole, then by its fields.
    await dragOver(page, [10, 8], [14, 6]);
    await untilTable([0, 1, 2, 3, 4, 5], [8, 1, 15, 11]);
    await typeInto(page, "#rectangle-x", "2");
    await typeInto(page, "#rectangle-width", "7");
    await untilTable([0, 1, 2, 3, 4, 5], [2, 1, 7, 11]);
    const [border] = [await placeOnScreen(page, [5, 12])];
    await untilOverlay(page, true, [border]);
    await clickOn(page, "#clear-shapes");
    await untilOverlay(page, false, [border]);
    assert.equal(await isHidden(page, "#rectangle-x"), true);
  });

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
