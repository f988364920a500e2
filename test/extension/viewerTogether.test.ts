import { join } from "node:path";
import { commands } from "vscode";
import { DIFFERENCE_LUT, lutOf } from "../../webview/draw/luts";
import { levelOf } from "../../webview/draw/renderer";
import {
  DEPTH,
  HEIGHT,
  WIDTH,
  focusPicture,
  inViewer,
  planeColors,
  unpack,
  untilDrawn,
  untilPictures,
} from "./drawn";
import type { Color } from "./drawn";
import { Page } from "./page";
import { closeAll, openStack, picture, testFolder, until, writeStack } from "./support";

describe("several stacks in the viewer", () => {
  const folder = testFolder("together");
  const stack = (name: string, value: (i: number) => number) =>
    writeStack(join(folder, name), { axes: "ZYX", shape: [DEPTH, HEIGHT, WIDTH], dtype: "uint8" }, value);
  const plane = HEIGHT * WIDTH;

  before(() => commands.executeCommand("notifications.clearAll"));
  afterEach(closeAll);

  it("compare two stacks by swipe, blend, flicker and signed difference", async function () {
    const page = Page.for(this);
    const first = await stack("first.tif", (i) => i % 200);
    const second = await stack("second.tif", (i) => Math.max(0, (i % 200) + (i % 3) - 1));
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

  it("show two stacks beside each other, moved together by Shift and the arrows", async function () {
    const page = Page.for(this);
    const first = await stack("left.tif", (i) => i % 200);
    const second = await stack("right.tif", (i) => 199 - (i % 200));
    await openStack(page, first);
    await commands.executeCommand("tilewright.compareStacks", first, second);
    await untilPictures(page, /other/);
    await focusPicture(page);
    for (let i = 0; i < 4; i++) await page.press("x");
    const middles = (): Promise<unknown> =>
      inViewer(
        page,
        `(() => {
          const canvas = document.querySelector("#picture");
          const { width, height } = canvas;
          const { data } = canvas.getContext("2d").getImageData(0, 0, width, height);
          const at = (share) => data[4 * ((Math.round(height / 2) + 2) * width + Math.round(width * share) + 2)];
          return [at(0.25), at(0.75)].join();
        })()`,
      );
    const expected = async (x: number): Promise<string> => {
      const { low, high } = await picture(page);
      const scale = { limits: { low: Number(low), high: Number(high) }, gamma: 1 };
      const value = (2 * plane + (HEIGHT / 2) * WIDTH + x) % 200;
      return [value, 199 - value].map((shown) => levelOf(shown, scale)).join();
    };
    await until("both have the same place in their middle", async () =>
      (await middles()) === (await expected(WIDTH / 2)) ? true : undefined,
    );
    const before = await middles();
    await page.press("Shift+ArrowRight");
    await until("both are moved", async () => ((await middles()) === before ? undefined : true));
  });

  it("share plane, place and contrast between viewers that are linked", async function () {
    const page = Page.for(this);
    const first = await stack("linked-1.tif", (i) => i % 200);
    const second = await stack("linked-2.tif", (i) => i % 150);
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
});
