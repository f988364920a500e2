import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { quietJob } from "../../../src/job";
import { tiffReader } from "../../../src/stack/tiff/read";
import { predictHere, readStack, temporaryFolder, TINY_2D } from "../../support/prediction";
import { makeTiff } from "../../support/tiff";
import type { PageSpec } from "../../support/tiff";

const folder = temporaryFolder();
afterAll(() => folder.dispose());

function stackOf(page: Partial<PageSpec>): string {
  const path = join(folder.path, `${page.kind}${page.bits}.tif`);
  const value = (row: number, column: number): number => 50 + ((row * 31 + column * 17) % 200);
  writeFileSync(path, makeTiff([{ width: 40, height: 36, value, ...page }]));
  return path;
}

async function predicted(
  path: string,
  options: Record<string, unknown> = {},
): Promise<{ values: number[]; dtype: string; codes: string[] }> {
  const out = `${path}.out.tif`;
  const { warnings } = await predictHere(path, TINY_2D, out, { tiles: "2,1", ...options });
  const stack = await tiffReader.open({ path: out }, quietJob());
  await stack.close();
  const { data } = await readStack(out);
  return { values: [...data], dtype: stack.facts.dtype, codes: warnings.map(({ code }) => code) };
}

test("half precision and 64-bit integers are predicted like the same values in single precision", async () => {
  const { values } = await predicted(stackOf({ kind: "float", bits: 32 }));
  for (const page of [
    { kind: "float", bits: 16 },
    { kind: "int", bits: 64 },
    { kind: "uint", bits: 64 },
    { kind: "uint", bits: 24 },
  ] as const) {
    expect((await predicted(stackOf(page))).values, JSON.stringify(page)).toEqual(values);
  }
});

test("--dtype input writes what the input was read as, and says once that this is another type", async () => {
  for (const [page, dtype] of [
    [{ kind: "float", bits: 16 }, "float32"],
    [{ kind: "int", bits: 64 }, "float64"],
  ] as const) {
    const found = await predicted(stackOf(page), { dtype: "input" });
    expect(found.dtype).toBe(dtype);
    expect(found.codes.filter((code) => code === "dtype")).toHaveLength(1);
  }
  const same = await predicted(stackOf({ kind: "uint", bits: 16 }), { dtype: "input" });
  expect(same.dtype).toBe("uint16");
  expect(same.codes).not.toContain("dtype");
});

test("complex stacks are refused in one sentence with a way out, and nothing is written", async () => {
  const path = stackOf({ kind: "complex", bits: 64 });
  await expect(predicted(path)).rejects.toMatchObject({
    code: "stack.pixelType",
    message: `${path}: its pixels are complex numbers (complex64), which can be listed but neither shown nor predicted`,
    hint: expect.stringContaining("magnitude") as string,
  });
});
