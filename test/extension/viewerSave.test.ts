import assert from "node:assert/strict";
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { commands } from "vscode";
import { fitView, toScreen } from "../../webview/draw/geometry";
import { panePlacement } from "../../webview/scene";
import type { PaneName } from "../../webview/scene";
import { clickOn, openTab, part, placeOnScreen, pressIn, typeInto } from "./controls";
import { DEPTH, HEIGHT, TALL, WIDTH, focusPicture, inViewer, paneSize, untilPictures } from "./drawn";
import type { Color } from "./drawn";
import { Page } from "./page";
import { savedColors, savedPng, sizeOf, untilProposed } from "./saved";
import { closeAll, openStack, testFolder, until, untilPlane, writeStack } from "./support";

const PLANE = HEIGHT * WIDTH;
/** Slices of these are told apart by every pixel. */
const sliceLevel = (i: number): number => 40 * Math.floor(i / PLANE);

interface Box {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** Where elements are in the viewer, CSS px. */
const boxesOf = async (page: Page, selectors: readonly string[]): Promise<Box[]> =>
  (await inViewer(
    page,
    `${JSON.stringify(selectors)}.map((one) => document.querySelector(one).getBoundingClientRect())
      .map(({ left, top, width, height }) => ({ left, top, width, height }))`,
  )) as Box[];

const isSeen = (page: Page, selector: string): Promise<unknown> =>
  inViewer(page, `document.querySelector("${selector}")?.checkVisibility() === true`);

/** Waits until both sections are on the screen. */
const untilSections = (page: Page): Promise<true> =>
  until("both sections are there", async () =>
    (await inViewer(
      page,
      `["xz", "yz"].every((name) => document.querySelector("#picture-" + name).dataset.pictures !== undefined)`,
    )) === true
      ? true
      : undefined,
  );

describe("saving what the viewer shows", () => {
  // Stacks of their own for every try: views of a file are remembered, and files are there already.
  let folder = "";
  let tries = 0;
  beforeEach(() => {
    folder = testFolder(`save-${++tries}`);
  });
  const stack = (name: string, dtype: "uint8" | "uint16", value: (i: number) => number) =>
    writeStack(join(folder, name), { axes: "ZYX", shape: [DEPTH, HEIGHT, WIDTH], dtype }, value);

  before(() => commands.executeCommand("notifications.clearAll"));
  afterEach(closeAll);

  it("saves the view as a PNG that has the picture in it", async function () {
    const page = Page.for(this);
    await openStack(page, await stack("export.tif", "uint8", sliceLevel));
    await openTab(page, "channels");
    await typeInto(page, "#channels-low", "0");
    await typeInto(page, "#channels-high", "255");
    await focusPicture(page);
    await page.press("s");
    const path = join(folder, "export.png");
    await untilProposed(page, path);
    await page.press("Enter");
    const png = await savedPng(path);
    const { width, height } = await paneSize(page, "#picture");
    assert.deepEqual(sizeOf(png), [width, height]);
    const level = sliceLevel(2 * PLANE);
    assert.deepEqual(await savedColors(page, png, [await placeOnScreen(page, [4.5, 4.5])]), [
      [level, level, level, 255],
    ]);
  });

  it("saves all views as one PNG: the plane, both sections where they are on the screen, and the corner", async function () {
    const page = Page.for(this);
    const value = (i: number): number => (i * 37) % 251;
    await openStack(page, await stack("views.tif", "uint8", value));
    await openTab(page, "channels");
    await typeInto(page, "#channels-low", "0");
    await typeInto(page, "#channels-high", "255");
    assert.equal(await isSeen(page, "#channels-views"), false);
    await focusPicture(page);
    await page.press("o");
    await untilSections(page);
    // What lies over the pictures would hide some of the pixels.
    await clickOn(page, "#channels-crosshair");
    await clickOn(page, "#channels-scaleBar");
    const boxes = await boxesOf(page, ["#picture", "#picture-xz", "#picture-yz"]);
    const [xy, xz, yz] = boxes;
    const view = fitView({ width: WIDTH, height: HEIGHT }, xy);
    const [cursorY, cursorX] = [HEIGHT / 2, WIDTH / 2];
    /** Where a pixel of a section is in the picture that is saved. */
    const inPane = (pane: PaneName, box: Box, [x, y]: readonly [number, number]): [number, number] => {
      const placement = panePlacement(pane, view, {
        screen: box,
        aspect: { y: 1, z: TALL },
        z: 2,
        depth: DEPTH,
      });
      const at = toScreen(placement, box, { x: x + 0.5, y: y + 0.5 });
      const isInside = at.x > 0 && at.y > 0 && at.x < box.width && at.y < box.height;
      assert.ok(isInside, `${x}, ${y} of ${pane} is on the screen`);
      return [Math.round(box.left - xy.left) + at.x, Math.round(box.top - xy.top) + at.y];
    };
    const level = (z: number, y: number, x: number): Color => {
      const gray = value(z * PLANE + y * WIDTH + x);
      return [gray, gray, gray, 255];
    };
    const slices = [1, 2, 3];
    const places = [
      inPane("xy", xy, [3, 4]),
      inPane("xy", xy, [27, 17]),
      ...slices.map((z) => inPane("xz", xz, [7, z])),
      ...slices.map((z) => inPane("yz", yz, [z, 5])),
      [yz.left - xy.left + yz.width / 2, xz.top - xy.top + xz.height / 2] as const,
    ];
    const expected = [
      level(2, 4, 3),
      level(2, 17, 27),
      ...slices.map((z) => level(z, cursorY, 7)),
      ...slices.map((z) => level(z, 5, cursorX)),
      [0, 0, 0, 255],
    ];
    const untilSaved = async (name: string): Promise<void> => {
      const png = await savedPng(join(folder, name));
      const whole = [yz.left - xy.left + yz.width, xz.top - xy.top + xz.height];
      assert.deepEqual(sizeOf(png), whole.map(Math.round));
      assert.deepEqual(await savedColors(page, png, places), expected);
    };
    await clickOn(page, "#channels-views");
    await untilProposed(page, join(folder, "views-views.png"));
    await page.press("Enter");
    await untilSaved("views-views.png");
    await focusPicture(page);
    await page.press("Shift+S");
    await untilProposed(page, join(folder, "views-views.png"));
    await page.answer(join(folder, "by-key.png"));
    await untilSaved("by-key.png");
  });

  it("saves the plot of a line as a PNG: the plot as it is on the screen, below its title", async function () {
    const page = Page.for(this);
    await openStack(page, await stack("plot.tif", "uint16", (i) => (i * i) % 1009));
    await openTab(page, "measure");
    await clickOn(page, "#line-across");
    await page.waitFor(part("#profile-plot canvas"));
    const seen = (await inViewer(
      page,
      `(({ width, height }) => [width, height])(document.querySelector("#profile-plot canvas"))`,
    )) as [number, number];
    await clickOn(page, "#save-profile");
    await untilProposed(page, join(folder, "plot-profile.png"));
    await page.press("Enter");
    const png = await savedPng(join(folder, "plot-profile.png"));
    // A line of text above, and one below for the stack's only channel with half a line of ground.
    const [title, legend] = [18, 27];
    assert.deepEqual(sizeOf(png), [seen[0], seen[1] + title + legend]);
    const places = Array.from({ length: 2000 }, (_, i): [number, number] => [
      (i * 7) % seen[0],
      Math.floor((i * seen[1]) / 2000),
    ]);
    const [ground] = await savedColors(page, png, [[1, 1]]);
    const drawn = (await inViewer(
      page,
      `(() => {
        const canvas = document.querySelector("#profile-plot canvas");
        const context = new OffscreenCanvas(canvas.width, canvas.height).getContext("2d");
        context.fillStyle = "rgb(${ground.slice(0, 3).join()})";
        context.fillRect(0, 0, canvas.width, canvas.height);
        context.drawImage(canvas, 0, 0);
        return ${JSON.stringify(places)}.map(([x, y]) => [...context.getImageData(x, y, 1, 1).data]);
      })()`,
    )) as number[][];
    const below = places.map(([x, y]): [number, number] => [x, y + title]);
    assert.deepEqual(await savedColors(page, png, below), drawn);
    assert.ok(new Set(drawn.map((color) => color.join())).size > 3, "there is a plot");
    // By keyboard, under another name.
    await pressIn(page, "#save-profile", "Enter");
    await untilProposed(page, join(folder, "plot-profile.png"));
    await page.answer(join(folder, "again.png"));
    assert.deepEqual(sizeOf(await savedPng(join(folder, "again.png"))), sizeOf(png));
  });

  it("saves a movie: one PNG for each slice, as it is drawn, and shows the same projection as before", async function () {
    const page = Page.for(this);
    await openStack(page, await stack("film.tif", "uint8", sliceLevel));
    await openTab(page, "channels");
    await typeInto(page, "#channels-low", "0");
    await typeInto(page, "#channels-high", "255");
    await focusPicture(page);
    await page.press("p");
    await untilPictures(page, /max/);
    await clickOn(page, "#channels-movie");
    await page.waitFor({ selector: ".quick-input-widget:has-text('Folder for 6 pictures')" });
    await untilProposed(page, `${folder}/`);
    await page.press("Enter");
    const size = await paneSize(page, "#picture");
    const at = await placeOnScreen(page, [4.5, 4.5]);
    const names = Array.from({ length: DEPTH }, (_, z) => `film_000${z}.png`);
    for (const [z, name] of names.entries()) {
      const png = await savedPng(join(folder, name));
      assert.deepEqual(sizeOf(png), [size.width, size.height]);
      const level = 40 * z;
      assert.deepEqual(await savedColors(page, png, [at]), [[level, level, level, 255]], name);
    }
    assert.deepEqual(readdirSync(folder).sort(), ["film.tif", ...names]);
    await untilPictures(page, /max,0,6/);
    await untilPlane(page, "0,2,0");
  });

  it("asks before a movie replaces pictures that are there: replaces them, or goes to another folder", async function () {
    const page = Page.for(this);
    const names = Array.from({ length: DEPTH }, (_, z) => `two_000${z}.png`);
    const putOld = (): void => names.forEach((name) => writeFileSync(join(folder, name), `old ${name}`));
    const elsewhere = join(folder, "elsewhere");
    mkdirSync(join(elsewhere, "inside"), { recursive: true });
    await openStack(page, await stack("two.tif", "uint8", sliceLevel));
    await openTab(page, "channels");
    const there = { selector: ".quick-input-widget:has-text('6 of 6 pictures are in this folder already')" };
    putOld();
    await clickOn(page, "#channels-movie");
    await untilProposed(page, `${folder}/`);
    await page.press("Enter");
    await page.waitFor(there);
    await page.click({ selector: ".quick-input-list .monaco-list-row:has-text('Replace')" });
    for (const name of names) await savedPng(join(folder, name));
    await untilPlane(page, "0,2,0");
    putOld();
    await pressIn(page, "#channels-movie", "Enter");
    await untilProposed(page, `${folder}/`);
    await page.press("Enter");
    await page.waitFor(there);
    await page.pick("Choose Another Folder");
    await untilProposed(page, `${folder}/`);
    await page.press("End");
    await page.type("elsewhere/");
    await page.waitFor({ selector: ".quick-input-list .monaco-list-row:has-text('inside')" });
    await untilProposed(page, `${elsewhere}/`);
    await page.press("Enter");
    for (const name of names) await savedPng(join(elsewhere, name));
    for (const name of names) assert.equal(readFileSync(join(folder, name), "utf8"), `old ${name}`);
    await untilPlane(page, "0,2,0");
  });
});
