import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { failureLines, tilewright } from "../support/commandLine";
import { noisyVolume, temporaryFolder, writeStack } from "../support/prediction";

const folder = temporaryFolder();
afterAll(() => folder.dispose());
const at = (name: string): string => join(folder.path, name);

test("diagnose --report writes one HTML file, or Markdown with its pictures beside it; JSON stays JSON", async () => {
  await writeStack(at("in.tif"), noisyVolume("ZYX", [3, 96, 128]));
  const html = await tilewright("diagnose", at("in.tif"), "--report", at("seams.html"), "--json");
  expect(html.code, html.stderr).toBe(0);
  expect(JSON.parse(html.stdout)).toMatchObject({ mode: "blind" });
  const page = readFileSync(at("seams.html"), "utf8");
  expect(page).toContain("Seam diagnosis of in.tif");
  expect(page).toContain("Only the pixels were looked at.");
  const markdown = await tilewright("diagnose", at("in.tif"), "--report", at("seams.md"));
  expect(markdown.code, markdown.stderr).toBe(0);
  const named = [...readFileSync(at("seams.md"), "utf8").matchAll(/\]\(seams_files\/([\w-]+\.svg)\)/g)];
  expect(named.length).toBeGreaterThan(1);
  expect(readdirSync(at("seams_files")).sort()).toEqual(named.map(([, name]) => name).sort());
});

test("diagnose --report refuses a name that is no report before it looks at anything", async () => {
  const ended = await tilewright("diagnose", at("in.tif"), "--report", at("seams.pdf"));
  expect(ended.code).toBe(1);
  expect(failureLines(ended)).toEqual([expect.stringMatching(/seams\.pdf.*\.md or \.html/)]);
  expect(existsSync(at("seams.pdf"))).toBe(false);
});
