import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { join } from "node:path";
import { extensions } from "vscode";

describe("the packed extension", () => {
  const extension = extensions.getExtension("tilewright.tilewright");

  it("activates from a folder that has nothing of the checkout", async () => {
    assert.ok(extension, "the extension is not installed");
    await extension.activate();
    assert.equal(extension.isActive, true);
    const unwanted = ["src", "test", "node_modules/esbuild"].filter((name) =>
      existsSync(join(extension.extensionPath, name)),
    );
    assert.deepEqual(unwanted, []);
  });
});
