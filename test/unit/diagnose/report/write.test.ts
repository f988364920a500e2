import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { decode } from "fast-png";
import { afterAll, describe, expect, test } from "vitest";
import { worstPlaces } from "../../../../src/diagnose/report/pictures";
import { writeReport } from "../../../../src/diagnose/report/write";
import { quietJob } from "../../../../src/job";
import { tiffReader } from "../../../../src/stack/tiff/read";
import { createStackFile } from "../../../../src/stack/tiff/write";
import { makeVolume } from "../../../../src/volume/volume";
import { MARKED } from "../../../support/diagnosis";
import { temporaryFolder } from "../../../support/prediction";

const folder = temporaryFolder();
afterAll(() => folder.dispose());

/** A stack of the shape of the diagnosis, brighter behind every 64 px. */
async function writeSteps(path: string): Promise<void> {
  const [z, y, x] = MARKED.shape;
  const layout = {
    axes: "ZYX",
    shape: [z, y, x],
    dtype: "float32",
    pixelSize: null,
    channels: [],
    format: "ome",
  } as const;
  const writer = await createStackFile(path, layout);
  const data = Float32Array.from({ length: z * y * x }, (_, i) => Math.floor((i % x) / 64) + 0.001 * (i % 7));
  data[5] = Number.NaN;
  await writer.write(makeVolume(data, [z, y, x], "ZYX"), [0, 0, 0], quietJob());
  await writer.close();
}

/** Gray levels of the picture inside an SVG. */
function pixelsOf(svg: string): { width: number; height: number; data: ArrayLike<number> } {
  const base64 = /data:image\/png;base64,([^"]+)"/.exec(svg)?.[1] ?? "";
  return decode(Buffer.from(base64, "base64"));
}

describe("writing a report", () => {
  test("puts the pictures of Markdown into a folder beside it, those of the stack too", async () => {
    const stack = join(folder.path, "stack.tif");
    await writeSteps(stack);
    const path = join(folder.path, "my report.md");
    await writeReport({ path, diagnosis: MARKED, stack, readers: [tiffReader] }, quietJob());
    const text = readFileSync(path, "utf8");
    const named = [...text.matchAll(/\]\(my%20report_files\/([\w-]+\.svg)\)/g)].map(([, name]) => name);
    expect(named.sort()).toEqual(readdirSync(join(folder.path, "my report_files")).sort());
    expect(named).toContain("place-1.svg");
    // The worst probe is at Y 63, X 65: the step at X 64 is 47 px from the left, and is marked.
    const svg = readFileSync(join(folder.path, "my report_files/place-1.svg"), "utf8");
    const { width, height, data } = pixelsOf(svg);
    expect([width, height]).toEqual([96, 96]);
    expect(svg).toContain(">X 64<");
    expect(svg).toContain(">Y 64<");
    const row = Array.from({ length: width }, (_, i) => data[40 * width + i]);
    expect(row[46] + 50).toBeLessThan(row[47]);
    expect(Math.abs(row[45] - row[46])).toBeLessThan(5);
  });

  test("as HTML puts everything into one file", async () => {
    const stack = join(folder.path, "stack.tif");
    const path = join(folder.path, "one.html");
    await writeReport({ path, diagnosis: MARKED, stack, readers: [tiffReader] }, quietJob());
    const html = readFileSync(path, "utf8");
    expect(html.match(/<svg /g)?.length).toBeGreaterThan(9);
    expect(html).toContain("data:image/png;base64,");
    expect(existsSync(join(folder.path, "one_files"))).toBe(false);
    expect(readdirSync(folder.path).filter((name) => name.endsWith(".partial"))).toEqual([]);
  });

  test("does without pictures of a stack that is gone, and says so", async () => {
    const lines: string[] = [];
    const path = join(folder.path, "gone.html");
    const order = { path, diagnosis: MARKED, stack: join(folder.path, "no.tif"), readers: [tiffReader] };
    await writeReport(order, { ...quietJob(), log: (line) => lines.push(line) });
    expect(readFileSync(path, "utf8")).not.toContain("data:image/png");
    expect(lines.join()).toMatch(/no pictures of the stack/);
  });

  test("refuses a name that is no report", async () => {
    const order = { path: join(folder.path, "a.pdf"), diagnosis: MARKED, stack: "x.tif", readers: [] };
    await expect(writeReport(order, quietJob())).rejects.toMatchObject({ code: "report.format" });
  });

  test("stops when it is cancelled", async () => {
    const path = join(folder.path, "cancelled.html");
    const order = { path, diagnosis: MARKED, stack: join(folder.path, "stack.tif"), readers: [tiffReader] };
    await expect(writeReport(order, quietJob(AbortSignal.abort()))).rejects.toMatchObject({
      name: "AbortError",
    });
    expect(existsSync(path)).toBe(false);
  });
});

test("the worst places are those with measured errors first, each at another place", () => {
  const places = worstPlaces(MARKED);
  expect(places).toHaveLength(4);
  expect(places[0]).toEqual({
    title: "Probe at a crossing of seams: error 4.1 %",
    at: { Z: 11, Y: 63, X: 65 },
  });
  expect(new Set(places.map(({ at }) => JSON.stringify(at))).size).toBe(4);
});
