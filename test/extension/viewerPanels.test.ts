import assert from "node:assert/strict";
import { join } from "node:path";
import { commands, env } from "vscode";
import type { Uri } from "vscode";
import { labelColor } from "../../webview/draw/labels";
import { lutOf } from "../../webview/draw/luts";
import { levelOf } from "../../webview/draw/renderer";
import {
  attribute,
  choose,
  clickOn,
  copied,
  fieldValue,
  openTab,
  part,
  placeOnScreen,
  pressIn,
  typeInto,
  untilOverlay,
} from "./controls";
import { DEPTH, HEIGHT, WIDTH, focusPicture, inViewer, paneSize, unpack, untilDrawn } from "./drawn";
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

const PLANE = HEIGHT * WIDTH;

interface Shown {
  readonly limits: { readonly low: number; readonly high: number };
  readonly gamma?: number;
  readonly lut?: string;
}

/** The colour of a value. */
const colorOf = (value: number, { limits, gamma = 1, lut = "gray" }: Shown): Color =>
  unpack(lutOf(lut)[levelOf(value, { limits, gamma })]);

describe("the channels page of the viewer", () => {
  // Stacks of their own for every try: views and layers of a file are remembered.
  let folder = "";
  let tries = 0;
  beforeEach(() => {
    folder = testFolder(`panels-${++tries}`);
  });
  const stack = (name: string, dtype: "uint8" | "uint16" | "uint32", value: (i: number) => number) =>
    writeStack(join(folder, name), { axes: "ZYX", shape: [DEPTH, HEIGHT, WIDTH], dtype }, value);
  const channels = (name: string, value: (i: number) => number) =>
    writeStack(join(folder, name), { axes: "CYX", shape: [2, HEIGHT, WIDTH], dtype: "uint8" }, value);
  const open = async (page: Page, uri: Uri): Promise<void> => {
    await openStack(page, uri);
    await openTab(page, "channels");
  };
  /** Every value from 0 to 599 once in each plane. */
  const ramp = (i: number): number => (i * 7) % PLANE;

  let earlier = 0;
  const told = async (): Promise<number> => {
    const { cspViolations, faults } = await diagnostics();
    return cspViolations.length + faults.length;
  };
  before(async () => {
    await commands.executeCommand("notifications.clearAll");
    earlier = await told();
  });
  afterEach(closeAll);

  it("draws how often values occur, with and without logarithm", async function () {
    const page = Page.for(this);
    // 300, 290 and 10 pixels.
    await open(
      page,
      await stack(
        "bars.tif",
        "uint8",
        (i) => [10, 100, 200][Number(i % PLANE >= 300) + Number(i % PLANE >= 590)],
      ),
    );
    const barsAt = (...values: readonly number[]): Promise<unknown> =>
      inViewer(
        page,
        `(() => {
          const canvas = document.querySelector(".histogram .plot canvas");
          const over = document.querySelector(".histogram .u-over").getBoundingClientRect();
          const box = canvas.getBoundingClientRect();
          const ratio = canvas.width / box.width;
          const { width, data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          return ${JSON.stringify(values)}.map((value) => {
            const x = Math.floor((over.left - box.left + ((value + 0.5) / 256) * over.width) * ratio);
            let rows = 0;
            for (let y = over.top - box.top; y < over.bottom - box.top; y += 1 / ratio)
              if (data[4 * (Math.floor(y * ratio) * width + x) + 3] > 60) rows++;
            return rows / (over.height * ratio);
          });
        })()`,
      );
    const shows = (what: string, ...heights: readonly number[]): Promise<boolean> =>
      until(`${what}: ${heights.join()}`, async () => {
        const bars = (await barsAt(10, 100, 200, 150)) as number[];
        return bars.every((bar, i) => Math.abs(bar - heights[i]) < 0.08) ? true : undefined;
      });
    await page.waitFor(part(".histogram .plot canvas"));
    await shows("logarithm", 1, Math.log(291) / Math.log(301), Math.log(11) / Math.log(301), 0);
    await clickOn(page, "#channels-log");
    await shows("counts", 1, 290 / 300, 10 / 300, 0);
    assert.match(await attribute(page, ".histogram .plot", "aria-label"), /values 10 to 200/);
    // The bar of colours stands right below.
    const [plot, canvas] = [".histogram .plot", ".histogram .plot canvas"].map((one) => paneSize(page, one));
    assert.equal((await plot).height, (await canvas).height);
  });

  it("moves the limits with the markers, by keyboard and by mouse, a drag being one step for undo", async function () {
    const page = Page.for(this);
    await open(page, await stack("markers.tif", "uint16", ramp));
    await clickOn(page, "#channels-minmax");
    await untilDrawn(page, (i) => colorOf(ramp(i), { limits: { low: 0, high: 599 } }));
    // A hundredth of the axis is 6; ten times that with Shift and PageUp.
    await pressIn(page, "#channels-low-marker", "ArrowRight", "ArrowRight", "Shift+ArrowUp", "PageUp");
    await untilDrawn(page, (i) => colorOf(ramp(i), { limits: { low: 132, high: 599 } }));
    await pressIn(page, "#channels-high-marker", "ArrowLeft");
    await untilDrawn(page, (i) => colorOf(ramp(i), { limits: { low: 132, high: 593 } }));
    const { width, height } = await paneSize(page, ".limit-markers");
    await page.drag(part(".limit-markers"), [(width * 593) / 599, height / 3], [width / 2, height / 3]);
    const dragged = await until("the marker is where the mouse let go", async () => {
      const value = Number(await attribute(page, "#channels-high-marker", "aria-valuenow"));
      return Math.abs(value - 299.5) < 599 / width + 2 ? value : undefined;
    });
    await untilDrawn(page, (i) => colorOf(ramp(i), { limits: { low: 132, high: dragged } }));
    await page.press("Control+z");
    await untilDrawn(page, (i) => colorOf(ramp(i), { limits: { low: 132, high: 593 } }));
    // None of the keys reached the picture.
    assert.equal((await picture(page)).plane, "0,2,0");
  });

  it("takes limits and gamma as numbers, and draws the power of every value", async function () {
    const page = Page.for(this);
    await open(page, await stack("gamma.tif", "uint16", ramp));
    await typeInto(page, "#channels-low", "100");
    await typeInto(page, "#channels-high", "450.5");
    const limits = { low: 100, high: 450.5 };
    await untilDrawn(page, (i) => colorOf(ramp(i), { limits }));
    await typeInto(page, "#channels-gamma", "0.5");
    const root = (i: number): number =>
      Math.round(255 * Math.sqrt(Math.min(1, Math.max(0, (ramp(i) - 100) / 350.5))));
    await untilDrawn(page, (i) => [root(i), root(i), root(i), 255]);
    await pressIn(page, "#channels-gamma-slider", "ArrowRight", "ArrowRight", "PageUp");
    const gamma = await until("the slider moved", async () => {
      const now = await fieldValue(page, "#channels-gamma");
      return now > 0.6 && now < 1.5 ? now : undefined;
    });
    await untilDrawn(page, (i) => colorOf(ramp(i), { limits, gamma }));
    await page.click({ ...part("#channels-gamma-slider"), double: true });
    await untilDrawn(page, (i) => colorOf(ramp(i), { limits }));
    assert.equal((await picture(page)).plane, "0,2,0");
  });

  it("draws with the LUT that is chosen with the mouse or the keyboard", async function () {
    const page = Page.for(this);
    await open(page, await stack("luts.tif", "uint16", ramp));
    const limits = { low: 0, high: 599 };
    await clickOn(page, "#channels-minmax");
    await choose(page, "#channel-0-lut", "Fire");
    await untilDrawn(page, (i) => colorOf(ramp(i), { limits, lut: "fire" }));
    await choose(page, "#channel-0-lut", "viridis");
    await untilDrawn(page, (i) => colorOf(ramp(i), { limits, lut: "viridis" }));
    await pressIn(page, "#channel-0-lut", "ArrowDown");
    await untilDrawn(page, (i) => colorOf(ramp(i), { limits, lut: "magma" }));
    await clickOn(page, "#channels-invert");
    await untilDrawn(page, (i) => colorOf(ramp(i), { limits: { low: 599, high: 0 }, lut: "magma" }));
    await clickOn(page, "#channels-reset");
    await untilDrawn(page, (i) => colorOf(ramp(i), { limits }));
  });

  it("chooses limits from the values: percentiles, extremes, and Auto that takes more each time", async function () {
    const page = Page.for(this);
    // Two outliers; the other values three times each.
    const value = (i: number): number => ({ 0: 0, 1: 599 })[i % PLANE] ?? 200 + (i % 200);
    await open(page, await stack("methods.tif", "uint16", value));
    const near = (low: number, high: number): Promise<void> =>
      until(`${low} to ${high}`, async () => {
        const shown = await picture(page);
        const away = Math.max(Math.abs(Number(shown.low) - low), Math.abs(Number(shown.high) - high));
        return away < 599 / 256 ? true : undefined;
      }).then(() => untilDrawn(page, (i, limits) => colorOf(value(i), { limits })));
    await clickOn(page, "#channels-minmax");
    await near(0, 599);
    await clickOn(page, "#channels-percentile");
    // 1.8 of 600 pixels: the second smallest and the second largest value.
    await near(200, 399);
    const fields = async (): Promise<number[]> =>
      Promise.all(["low", "high"].map((end) => fieldValue(page, `#channels-percentile-${end}`)));
    await typeInto(page, "#channels-percentile-low", "25");
    await near(250, 399);
    await typeInto(page, "#channels-percentile-high", "75");
    await near(250, 350);
    // The low one is not to be above the high one.
    await typeInto(page, "#channels-percentile-low", "80");
    assert.deepEqual(await fields(), [25, 75]);
    await pressIn(page, "#channels-percentile-high", "ArrowUp");
    await until("a step of the field", async () => ((await fields())[1] === 75.1 ? true : undefined));
    await focusPicture(page);
    // One step or more: those that follow each other fast are one.
    const pressUntil = (keys: string, ...wanted: readonly number[]): Promise<true> =>
      until(`${keys} until ${wanted.join()}`, async () => {
        if ((await fields()).join() === wanted.join()) return true;
        await page.press(keys);
        return undefined;
      });
    await pressUntil("Control+z", 0.3, 99.7);
    await near(200, 399);
    await pressUntil("Control+y", 25, 75.1);
    await near(250, 350);
    await clickOn(page, "#channels-minmax");
    await near(0, 599);
    await pressIn(page, "#channels-percentile", "Enter");
    await near(250, 350);
    await clickOn(page, "#channels-auto");
    await near(0, 597);
    for (let i = 0; i < 4; i++) await clickOn(page, "#channels-auto");
    await near(200, 398);
  });

  it("gives all channels the same limits, and shows those that are ticked", async function () {
    const page = Page.for(this);
    const value = (i: number): number => (i * 11) % 256;
    await open(page, await channels("two.tif", value));
    await typeInto(page, "#channels-low", "20");
    await typeInto(page, "#channels-high", "220");
    await typeInto(page, "#channels-gamma", "2");
    await clickOn(page, "#channels-all");
    await clickOn(page, "#channel-1");
    await untilPlane(page, "0,0,1");
    const shown = { limits: { low: 20, high: 220 }, gamma: 2 };
    await untilDrawn(page, (i) => colorOf(value(PLANE + i), shown));
    await choose(page, "#channels-mode", "Composite");
    const level = (i: number): number => levelOf(value(i), shown);
    await untilDrawn(page, (i) => [level(i), level(PLANE + i), level(i), 255]);
    await clickOn(page, "#channel-0-visible");
    await untilDrawn(page, (i) => [0, level(PLANE + i), 0, 255]);
    await pressIn(page, "#channel-0-visible", "Space");
    await untilDrawn(page, (i) => [level(i), level(PLANE + i), level(i), 255]);
  });

  it("picks labels by number, hides and shows them", async function () {
    const page = Page.for(this);
    const label = (i: number): number => (i % PLANE) % 4;
    await open(page, await stack("labels.tif", "uint32", label));
    const black: Color = [0, 0, 0, 255];
    const full = (i: number): Color => (label(i) === 0 ? black : unpack(labelColor(label(i))));
    const quarter = ([red, green, blue]: Color): Color => [red >> 2, green >> 2, blue >> 2, 255];
    await choose(page, "#channels-mode", "Labels");
    await untilDrawn(page, full);
    await typeInto(page, "#channels-label", "2");
    await untilDrawn(page, (i) => (label(i) === 2 ? full(i) : quarter(full(i))));
    await clickOn(page, "#channels-hide-label");
    await untilDrawn(page, (i) => (label(i) === 2 ? black : full(i)));
    await typeInto(page, "#channels-label", "3");
    await clickOn(page, "#channels-hide-label");
    await untilDrawn(page, (i) => (label(i) === 1 ? full(i) : black));
    await clickOn(page, "#channels-show-2");
    await untilDrawn(page, (i) => (label(i) === 3 ? black : full(i)));
    await clickOn(page, "#channels-show-labels");
    await untilDrawn(page, full);
  });

  it("switches what lies over the picture on and off", async function () {
    const page = Page.for(this);
    await open(page, await stack("extras.tif", "uint16", ramp));
    await untilPlane(page, "0,2,0");
    const { width, height } = await paneSize(page, "#pane-xy");
    // 20 px of 0.5 µm at 8 screen px each are 10 µm; half of it where there is less room.
    const bar = Math.min(160, width / 3) >= 160 ? 160 : 80;
    const ends = [width - 15, width - 13 - bar].map((x): [number, number] => [x, height - 16]);
    await untilOverlay(page, true, ends);
    await clickOn(page, "#channels-scaleBar");
    await untilOverlay(page, false, ends);
    await pressIn(page, "#channels-scaleBar", "Space");
    await untilOverlay(page, true, ends);
    await clickOn(page, "#channels-scaleBar");
    const somewhere = (): Promise<unknown> =>
      inViewer(
        page,
        `(() => { const canvas = document.querySelector("#pane-xy .overlay");
          const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
          return data.reduce((sum, value, i) => sum + (i % 4 === 3 && value > 0 ? 1 : 0), 0); })()`,
      );
    const isEmpty = (what: string): Promise<unknown> =>
      until(what, async () => ((await somewhere()) === 0 ? true : undefined));
    await focusPicture(page);
    for (let i = 0; i < 6; i++) await page.press("+");
    const both = await until("values and lines", async () => Number(await somewhere()) || undefined);
    await clickOn(page, "#channels-values");
    const lines = await until("only lines", async () => {
      const count = Number(await somewhere());
      return count > 0 && count < both ? count : undefined;
    });
    await clickOn(page, "#channels-pixelGrid");
    await isEmpty("neither values nor lines");
    await clickOn(page, "#channels-values");
    await until("only values", async () => {
      const count = Number(await somewhere());
      return count > 0 && count !== lines && count < both ? true : undefined;
    });
    await clickOn(page, "#channels-values");
    await isEmpty("nothing again");
    await focusPicture(page);
    await page.press("0");
    await page.press("o");
    const cross = await placeOnScreen(page, [WIDTH / 2 + 0.5, 2]);
    await until("the crosshair", async () => ((await somewhere()) as number) > 0 || undefined);
    await untilOverlay(page, true, [await placeOnScreen(page, [WIDTH / 2 + 0.5, 2])]);
    await clickOn(page, "#channels-crosshair");
    await isEmpty(`no crosshair through ${cross.join()}`);
  });

  it("copies place and values of the pixel that was pointed at, by key and by button", async function () {
    const page = Page.for(this);
    await open(page, await stack("copy.tif", "uint16", ramp));
    await untilPlane(page, "0,2,0");
    const expected = (x: number, y: number): RegExp =>
      new RegExp(`z 2  y ${y}  x ${x} .*=  ${ramp(2 * PLANE + y * WIDTH + x)}$`);
    await env.clipboard.writeText("");
    await page.hover(part("#picture"), await placeOnScreen(page, [7.5, 3.5]));
    await focusPicture(page);
    await page.press("Control+c");
    const byKey = await until("the key copies", async () => (await env.clipboard.readText()) || undefined);
    assert.match(byKey, expected(7, 3));
    await page.hover(part("#picture"), await placeOnScreen(page, [20.5, 11.5]));
    assert.match(await copied(page, "#channels-copy"), expected(20, 11));
  });

  it("raises no fault", async function () {
    Page.for(this);
    assert.equal(await told(), earlier);
  });
});
