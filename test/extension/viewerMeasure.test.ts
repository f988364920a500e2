import assert from "node:assert/strict";
import { join } from "node:path";
import { commands } from "vscode";
import {
  clickOn,
  copied,
  dragOver,
  fieldValue,
  part,
  placeOnScreen,
  pressIn,
  tableOf,
  typeInto,
  untilOverlay,
} from "./controls";
import { DEPTH, HEIGHT, WIDTH, focusPicture, inViewer } from "./drawn";
import { Page } from "./page";
import { closeAll, openStack, testFolder, until, untilPlane, writeStack } from "./support";

const PLANE = HEIGHT * WIDTH;

describe("measuring in the viewer", () => {
  // Stacks of their own for every try: views and layers of a file are remembered.
  let folder = "";
  let tries = 0;
  beforeEach(() => {
    folder = testFolder(`measure-${++tries}`);
  });
  const stack = (name: string, dtype: "uint8" | "uint16" | "float32", value: (i: number) => number) =>
    writeStack(join(folder, name), { axes: "ZYX", shape: [DEPTH, HEIGHT, WIDTH], dtype }, value);
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
    // By its corners, one of them over the opposite one; then by the keyboard in a field.
    await dragOver(page, [9, 12], [14, 16]);
    await untilTable([0, 1, 2, 3, 4, 5], [2, 1, 12, 15]);
    await dragOver(page, [2, 1], [17, 4]);
    await untilTable([0, 1, 2, 3, 4, 5], [14, 4, 3, 12]);
    await pressIn(page, "#rectangle-x", "ArrowDown", "ArrowDown");
    await untilTable([0, 1, 2, 3, 4, 5], [12, 4, 3, 12]);
    const border = await placeOnScreen(page, [13.5, 16]);
    await untilOverlay(page, true, [border]);
    await clickOn(page, "#clear-shapes");
    await untilOverlay(page, false, [border]);
    assert.equal(await isHidden(page, "#rectangle-x"), true);
  });
});
