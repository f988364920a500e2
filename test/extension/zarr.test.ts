import assert from "node:assert/strict";
import { mkdirSync, rmSync } from "node:fs";
import { join } from "node:path";
import { TabInputCustom, Uri, commands, window } from "vscode";
import { quietJob } from "../../src/job";
import { createZarr } from "../../src/stack/zarr/write";
import { allocateVolume } from "../../src/volume/volume";
import { Page } from "./page";
import { closeAll, diagnostics, readout, sampleModel, testFolder, untilPlane } from "./support";

const SHAPE = [5, 300, 280];
const valueAt = (z: number, y: number, x: number): number => z * 10_000 + y * 30 + x;

/** An OME-Zarr image whose pixels are known. */
async function writeImage(path: string): Promise<Uri> {
  rmSync(path, { recursive: true, force: true });
  const volume = allocateVolume("uint16", SHAPE, "ZYX");
  for (let i = 0; i < volume.data.length; i++) {
    volume.data[i] = valueAt(Math.floor(i / 84_000), Math.floor(i / 280) % 300, i % 280);
  }
  const pixelSize = { x: 0.5, y: 0.5, z: 2, unit: "µm" };
  const layout = {
    axes: "ZYX",
    shape: SHAPE,
    dtype: "uint16",
    pixelSize,
    channels: [],
    format: "ome-zarr-0.5",
  } as const;
  const writer = await createZarr(path, layout);
  await writer.write(volume, [0, 0, 0], quietJob());
  await writer.complete(quietJob());
  await writer.close();
  return Uri.file(path);
}

describe("an OME-Zarr folder", () => {
  const folder = testFolder("zarr");

  afterEach(closeAll);

  it("opens by command in the stack viewer, with the values and facts of its pixels", async function () {
    const page = Page.for(this);
    const uri = await writeImage(join(folder, "cells.ome.zarr"));
    await commands.executeCommand("tilewright.openFolder", uri);
    await page.waitFor({ frame: "webview", selector: "body[data-state=ready]" });
    await untilPlane(page, "0,2,0");
    for (const [x, y] of [
      [0, 0],
      [279, 299],
      [17, 200],
    ]) {
      const { value } = await readout(page, x, y);
      assert.equal(value, valueAt(2, y, x), `pixel ${x}, ${y}`);
    }
    const input = window.tabGroups.activeTabGroup.activeTab?.input;
    assert.ok(input instanceof TabInputCustom);
    assert.equal(input.uri.fsPath, uri.fsPath);
    assert.equal(window.tabGroups.activeTabGroup.activeTab?.label, "cells.ome.zarr");
    assert.deepEqual((await diagnostics()).faults, []);
  });

  it("is predicted into an OME-Zarr folder, which opens too", async function () {
    const page = Page.for(this);
    const uri = await writeImage(join(folder, "in.ome.zarr"));
    const out = join(folder, "out.ome.zarr");
    const order = { model: sampleModel("care2d"), out, engine: "cpu", overwrite: true };
    const result = await commands.executeCommand<{ out: string; exact: boolean }>(
      "tilewright.predictTiled",
      uri,
      order,
    );
    assert.equal(result.out, out);
    assert.equal(result.exact, true);
    await commands.executeCommand("tilewright.openFolder", Uri.file(out));
    await page.waitFor({ frame: "webview", selector: "body[data-state=ready]" });
    await untilPlane(page, "0,2,0");
    assert.ok(Number.isFinite((await readout(page, 5, 5)).value));
  });

  it("that is no image says so in its editor", async function () {
    const page = Page.for(this);
    const path = join(folder, "empty.zarr");
    mkdirSync(path, { recursive: true });
    await commands.executeCommand("tilewright.openFolder", path);
    const text = (): Promise<unknown> => page.evaluate("document.body.innerText", { frame: "webview" });
    for (let i = 0; i < 100 && !String(await text().catch(() => "")).includes("zarr.json"); i++) {
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    assert.match(String(await text()), /neither zarr\.json nor/);
  });
});
