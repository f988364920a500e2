import assert from "node:assert/strict";
import { copyFileSync, existsSync, realpathSync } from "node:fs";
import { join } from "node:path";
import { Uri, commands, extensions } from "vscode";
import type { PredictionResult } from "../../../src/predict/record";
import { Page } from "../page";

describe("the packed extension", () => {
  const extension = extensions.getExtension("tilewright.tilewright");
  const workspace = process.env.TILEWRIGHT_TEST_WORKSPACE ?? "";

  function sample(...path: string[]): string {
    assert.ok(extension, "the extension is not installed");
    return join(extension.extensionPath, "media", "sample", ...path);
  }

  it("brings its own runtime and predicts with it", async () => {
    const input = join(workspace, "stack.tif");
    copyFileSync(sample("stack.tif"), input);
    const out = join(workspace, "predicted.tif");
    const result = await commands.executeCommand<PredictionResult>(
      "tilewright.predictTiled",
      Uri.file(input),
      {
        model: sample("models", "care3d"),
        out,
        tiles: { Y: 2, X: 2 },
      },
    );
    assert.equal(result.tiles, 4);
    assert.ok(existsSync(out));
    const path = realpathSync(extension?.extensionPath ?? "");
    assert.ok(existsSync(join(path, "dist", "node_modules", "onnxruntime-node", "package.json")));
    assert.ok(
      !existsSync(join(path, "..", "node_modules")),
      "a node_modules above the extension could be found by accident",
    );
  });

  it("shows a stack", async function () {
    const page = Page.for(this);
    await commands.executeCommand(
      "vscode.openWith",
      Uri.file(join(workspace, "stack.tif")),
      "tilewright.stack",
    );
    await page.waitFor({ frame: "webview", selector: "body[data-state=ready]" });
    assert.deepEqual(await page.cspViolations(), []);
  });

  it("diagnoses what it predicted", async function () {
    const page = Page.for(this);
    await commands.executeCommand("tilewright.diagnoseSeams", Uri.file(join(workspace, "predicted.tif")));
    await page.waitFor({ frame: "webview", selector: "#verdict" });
    assert.equal(await page.text({ frame: "webview", selector: "#verdict-name" }), "Seamless");
  });
});
