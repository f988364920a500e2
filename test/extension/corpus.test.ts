import assert from "node:assert/strict";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { Uri, commands } from "vscode";
import { TilewrightError } from "../../src/errors";
import { quietJob } from "../../src/job";
import { tiffReader } from "../../src/stack/tiff/read";
import type { Stack } from "../../src/stack/stack";
import { readableDtype } from "../../src/stack/stored";
import { Page } from "./page";
import { closeAll, diagnostics, inExtension, openStack, picture, readout } from "./support";

/** Pictures from many writers, described by other programs; not part of the project. */
const CORPUS = inExtension("..", "shared", "tiffs");
const MANIFEST = join(CORPUS, "manifest.json");

/** What a picture has to look like, or why it cannot be shown. */
async function opened(path: string): Promise<Stack | TilewrightError> {
  try {
    const stack = await tiffReader.open({ path }, quietJob());
    readableDtype(stack.facts);
    return stack;
  } catch (error) {
    if (error instanceof TilewrightError) return error;
    throw error;
  }
}

/** The value in the middle of the plane that is shown, "t,z,c", read without the extension. */
async function middleValue(stack: Stack, plane: string): Promise<{ x: number; y: number; value: number }> {
  const { canonicalAxes, canonicalShape } = stack.facts;
  const [t, z, c] = plane.split(",").map(Number);
  const [y, x] = canonicalShape.slice(-2).map((length) => Math.floor(length / 2));
  const place: Readonly<Record<string, number>> = { T: t, Z: z, C: c, Y: y, X: x };
  const region = [...canonicalAxes].map((axis) => [place[axis], place[axis] + 1] as const);
  return { x, y, value: (await stack.read(region, quietJob())).data[0] };
}

describe("every picture of the corpus in the editor", () => {
  if (!existsSync(MANIFEST)) {
    it.skip("the reference material in ../shared is not here");
    return;
  }
  const { files } = JSON.parse(readFileSync(MANIFEST, "utf8")) as { files: readonly { file: string }[] };

  const refused: string[] = [];

  afterEach(closeAll);

  for (const { file } of files) {
    it(file, async function () {
      const page = Page.for(this);
      const path = join(CORPUS, file);
      const stack = await opened(path);
      if (stack instanceof TilewrightError) {
        refused.push(file);
        await commands.executeCommand("vscode.openWith", Uri.file(path), "tilewright.stack");
        await page.waitFor({ frame: "webview", selector: "body[data-state=error]" });
        const shown = await page.text({ frame: "webview", selector: "#notice" });
        assert.ok(shown.includes(stack.message), shown);
        return;
      }
      try {
        await openStack(page, Uri.file(path));
        const { plane, region } = await picture(page);
        const [height, width] = stack.facts.canonicalShape.slice(-2);
        assert.equal(region, [0, height, 0, width].join(","), "the whole plane is shown");
        const facts = await page.text({ frame: "webview", selector: "#facts" });
        for (const length of stack.facts.canonicalShape)
          assert.ok(facts.includes(String(length)), `${facts} lacks ${length}`);
        const expected = await middleValue(stack, plane);
        const { value } = await readout(page, expected.x, expected.y);
        assert.ok(Object.is(value, expected.value), `pixel ${expected.x}, ${expected.y}: ${value}`);
      } finally {
        await stack.close();
      }
    });
  }

  it("at most 5 of them are refused, and none made the viewer complain", async () => {
    assert.ok(refused.length <= 5, refused.join(", "));
    const { faults, cspViolations } = await diagnostics();
    assert.deepEqual([...faults, ...cspViolations], []);
  });
});
