/**
 * What the suites share: stacks with known pixels, the sample, and a way to wait.
 * @module
 */
import assert from "node:assert/strict";
import { copyFileSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { Uri, commands, extensions, window } from "vscode";
import type { Diagnostics, Exports } from "../../extension/extension";
import { quietJob } from "../../src/job";
import { tiffReader } from "../../src/stack/tiff/read";
import { createStackFile } from "../../src/stack/tiff/write";
import type { Dtype } from "../../src/volume/pixels";
import { allocateVolume } from "../../src/volume/volume";
import type { Volume } from "../../src/volume/volume";
import type { Page } from "./page";

/** The extension under test. */
export const extension = extensions.getExtension<Exports>("tilewright.tilewright");

/** A folder of its own in the workspace. */
export function testFolder(name: string): string {
  const workspace = process.env.TILEWRIGHT_TEST_WORKSPACE;
  assert.ok(workspace !== undefined, "TILEWRIGHT_TEST_WORKSPACE is not set");
  const folder = join(workspace, name);
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** A path inside the extension. */
export function inExtension(...path: string[]): string {
  assert.ok(extension !== undefined, "the extension is not installed");
  return join(extension.extensionPath, ...path);
}

/** A copy of the sample stack. */
export function copySample(folder: string, name = "stack.tif"): Uri {
  const path = join(folder, name);
  copyFileSync(inExtension("media", "sample", "stack.tif"), path);
  return Uri.file(path);
}

/** A model that comes with the extension. */
export const sampleModel = (name: "care2d" | "care3d"): string =>
  inExtension("media", "sample", "models", name);

/** Writes a stack whose pixels are known. */
export async function writeStack(
  path: string,
  { axes, shape, dtype }: { axes: string; shape: number[]; dtype: Dtype },
  valueAt: (index: number) => number,
): Promise<Uri> {
  const volume = allocateVolume(dtype, shape, axes);
  for (let i = 0; i < volume.data.length; i++) volume.data[i] = valueAt(i);
  const size = { x: 0.5, y: 0.5, z: 2, unit: "µm" };
  const writer = await createStackFile(path, {
    axes,
    shape,
    dtype,
    pixelSize: size,
    channels: [],
    format: "ome",
  });
  try {
    const start = shape.map(() => 0);
    await writer.write(volume, start, quietJob());
  } finally {
    await writer.close();
  }
  return Uri.file(path);
}

/** All pixels of a stack. */
export async function readStack(path: string): Promise<Volume> {
  const stack = await tiffReader.open({ path }, quietJob());
  try {
    const whole = stack.facts.canonicalShape.map((length) => [0, length] as const);
    return await stack.read(whole, quietJob());
  } finally {
    await stack.close();
  }
}

/** Waits until `check` gives something, asking ten times a second. */
export async function until<T>(
  what: string,
  check: () => T | undefined | Promise<T | undefined>,
  seconds = 30,
): Promise<T> {
  for (const end = Date.now() + seconds * 1000; Date.now() < end;) {
    const found = await check();
    if (found !== undefined) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error(`waited ${seconds} s in vain: ${what}`);
}

/** Opens a stack in its editor and waits for the picture. */
export async function openStack(page: Page, uri: Uri): Promise<void> {
  await commands.executeCommand("vscode.openWith", uri, "tilewright.stack");
  await page.waitFor({ frame: "webview", selector: "body[data-state=ready]" });
}

/** Closes every editor without saving. */
export async function closeAll(): Promise<void> {
  await commands.executeCommand("workbench.action.closeAllEditors");
  await until("all editors are closed", () =>
    window.tabGroups.all.every(({ tabs }) => tabs.length === 0) ? true : undefined,
  );
}

/** What the extension tells about itself. */
export async function diagnostics(): Promise<Diagnostics> {
  assert.ok(extension !== undefined, "the extension is not installed");
  return (await extension.activate()).diagnostics();
}

/** What the viewer in the last webview says about its picture. */
export async function picture(page: Page): Promise<Record<string, string>> {
  return (await page.evaluate("({...document.querySelector('#picture').dataset})", {
    frame: "webview",
  })) as Record<string, string>;
}

/** Waits until the picture is that of a plane, "t,z,c". */
export async function untilPlane(page: Page, plane: string): Promise<Record<string, string>> {
  return until(`plane ${plane} is shown`, async () => {
    const shown = await picture(page);
    return shown.plane === plane ? shown : undefined;
  });
}

/** Moves the pointer over an image pixel, as its place follows from the fitting view, and gives the value that is read out. */
export async function readout(page: Page, x: number, y: number): Promise<{ value: number; text: string }> {
  return until(`pixel ${x}, ${y} is read`, async () => {
    await page.evaluate(pointerScript(x, y), { frame: "webview" });
    const found = (await page.evaluate(
      "({...document.querySelector('#readout').dataset, text: document.querySelector('#readout').textContent})",
      {
        frame: "webview",
      },
    )) as Record<string, string>;
    const isThere = found.x === String(x) && found.y === String(y) && found.value !== "";
    return isThere ? { value: Number(found.value), text: found.text } : undefined;
  });
}

/** The zoom is in the toolbar only rounded, so the place is worked out from the size of the picture area, as "Fit" does. */
function pointerScript(x: number, y: number): string {
  return `(() => {
    const canvas = document.querySelector("#picture");
    const [y0, y1, x0, x1] = canvas.dataset.region.split(",").map(Number);
    const box = canvas.getBoundingClientRect();
    const zoom = Math.min(8, (box.width - 16) / (x1 - x0), (box.height - 16) / (y1 - y0));
    const clientX = box.left + box.width / 2 + (${x} + 0.5 - (x0 + x1) / 2) * zoom;
    const clientY = box.top + box.height / 2 + (${y} + 0.5 - (y0 + y1) / 2) * zoom;
    canvas.dispatchEvent(new PointerEvent("pointermove", { clientX, clientY, bubbles: true }));
    return [clientX - box.left, clientY - box.top];
  })()`;
}

/** Where an image pixel is on the picture, CSS px, in the fitting view. */
export async function placeOf(page: Page, x: number, y: number): Promise<[number, number]> {
  return (await page.evaluate(pointerScript(x, y), { frame: "webview" })) as [number, number];
}
