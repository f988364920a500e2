import assert from "node:assert/strict";
import { commands, extensions } from "vscode";
import { Page } from "./page";

interface Manifest {
  contributes: { commands: { command: string; title: string; category: string }[] };
}

const WINDOW_MS = 400;

/** Waits until the extension host, which starts other things as well, has little to do: at most half a minute. */
async function untilQuiet(): Promise<void> {
  for (let i = 0; i < 75; i++) {
    const before = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, WINDOW_MS));
    const { user, system } = process.cpuUsage(before);
    if ((user + system) / 1000 < 0.1 * WINDOW_MS) return;
  }
}

describe("activation", () => {
  const extension = extensions.getExtension("tilewright.tilewright");
  const manifest = extension?.packageJSON as Manifest;

  it("takes less than 100 ms", async () => {
    assert.ok(extension, "the extension is not installed");
    assert.equal(extension.isActive, false, "something activated the extension before it was needed");
    await untilQuiet();
    const started = performance.now();
    const before = process.cpuUsage();
    await extension.activate();
    const milliseconds = performance.now() - started;
    const { user, system } = process.cpuUsage(before);
    // On a machine that does something else meanwhile the clock says how busy it is, the processor what we did.
    const computed = (user + system) / 1000;
    await Page.current()?.print(
      `    activation took ${milliseconds.toFixed(1)} ms, ${computed.toFixed(1)} ms of the processor`,
    );
    assert.ok(Math.min(milliseconds, computed) < 100, `${milliseconds} ms, ${computed} ms of the processor`);
  });

  it("registers every command that the manifest promises", async () => {
    assert.ok(extension, "the extension is not installed");
    await extension.activate();
    const registered = new Set(await commands.getCommands(true));
    const promised = manifest.contributes.commands.map(({ command }) => command);
    assert.ok(promised.length > 0);
    assert.deepEqual(
      promised.filter((command) => !registered.has(command)),
      [],
    );
  });

  it("loads no engine and no TIFF reader into the extension host", async () => {
    await extension?.activate();
    const heavy = Object.keys(require.cache).filter((file) => /onnxruntime|tfjs|geotiff/.test(file));
    assert.deepEqual(heavy, []);
    const libraries = (process.report.getReport() as unknown as { sharedObjects: string[] }).sharedObjects;
    assert.deepEqual(
      libraries.filter((file) => /onnxruntime|tensorflow/.test(file)),
      [],
    );
  });

  it("offers its commands in the palette", async function () {
    const page = Page.for(this);
    await page.press("F1");
    await page.type("Tilewright: ");
    await page.waitFor({ selector: ".quick-input-list .monaco-list-row:has-text('Tilewright: ')" });
    await page.press("Escape");
  });
});
