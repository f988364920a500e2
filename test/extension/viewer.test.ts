import assert from "node:assert/strict";
import { copyFileSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Disposable, EventEmitter, FileType, Uri, commands, window, workspace } from "vscode";
import type { FileChangeEvent, FileStat, FileSystemProvider } from "vscode";
import { levelOf } from "../../webview/draw/renderer";
import { makeTiff } from "../support/tiff";
import { clickOn, fieldValue, part, pressIn, typeInto } from "./controls";
import { Page } from "./page";
import {
  closeAll,
  copySample,
  diagnostics,
  openStack,
  picture,
  placeOf,
  readStack,
  readout,
  testFolder,
  until,
  untilPlane,
  writeStack,
} from "./support";

/** A file system in which every file exists and is empty. */
class EmptyFiles implements FileSystemProvider {
  readonly onDidChangeFile = new EventEmitter<FileChangeEvent[]>().event;
  watch = () => new Disposable(() => undefined);
  stat = (): FileStat => ({ type: FileType.File, ctime: 0, mtime: 0, size: 0 });
  readDirectory = () => [];
  createDirectory = () => undefined;
  readFile = () => new Uint8Array();
  writeFile = () => undefined;
  delete = () => undefined;
  rename = () => undefined;
}

const SHAPE = [5, 40, 60];
const valueAt = (z: number, y: number, x: number): number => z * 2400 + y * 60 + x;

const focusPicture = (page: Page): Promise<unknown> =>
  page.evaluate("document.querySelector('#picture').focus()", { frame: "webview" });

describe("the stack viewer", () => {
  const folder = testFolder("viewer");

  // What earlier suites were told would lie over the picture.
  before(() => commands.executeCommand("notifications.clearAll"));
  afterEach(closeAll);

  it("shows the middle slice of a stack, and every value that it reads out is that of the file", async function () {
    const page = Page.for(this);
    const uri = copySample(folder);
    const { data, shape } = await readStack(uri.fsPath);
    await openStack(page, uri);
    await untilPlane(page, "0,11,0");
    for (const [x, y] of [
      [0, 0],
      [255, 255],
      [17, 200],
      [128, 3],
    ]) {
      const { value } = await readout(page, x, y);
      assert.equal(value, data[(11 * shape[1] + y) * shape[2] + x], `pixel ${x}, ${y}`);
    }
  });

  it("draws values as grey levels between the limits that it shows", async function () {
    const page = Page.for(this);
    const uri = await writeStack(
      join(folder, "ramp.tif"),
      { axes: "ZYX", shape: SHAPE, dtype: "uint16" },
      (i) => i,
    );
    await openStack(page, uri);
    await untilPlane(page, "0,2,0");
    for (const [x, y] of [
      [1, 1],
      [30, 20],
      [58, 38],
    ]) {
      const [left, top] = await placeOf(page, x, y);
      // The limits and the picture follow each other within a frame or two.
      await until(`pixel ${x}, ${y} is drawn between the limits shown`, async () => {
        const { low, high } = await picture(page);
        const drawn = await page.pixel({ frame: "webview", selector: "#picture", x: left, y: top });
        const expected = levelOf(valueAt(2, y, x), {
          limits: { low: Number(low), high: Number(high) },
          gamma: 1,
        });
        return drawn.slice(0, 3).every((level) => level === expected) ? true : undefined;
      });
    }
  });

  it("steps through slices with Fiji's keys and tells place and distance of a pixel", async function () {
    const page = Page.for(this);
    const uri = await writeStack(
      join(folder, "keys.tif"),
      { axes: "ZYX", shape: SHAPE, dtype: "uint16" },
      (i) => i,
    );
    await openStack(page, uri);
    await focusPicture(page);
    await page.press(".");
    await untilPlane(page, "0,3,0");
    await page.press("ArrowRight");
    await page.press("ArrowRight");
    await untilPlane(page, "0,4,0");
    await page.press(",");
    await untilPlane(page, "0,3,0");
    const { value, text } = await readout(page, 10, 20);
    assert.equal(value, valueAt(3, 20, 10));
    assert.match(text, /^z 3 {2}y 20 {2}x 10 {3}\(6, 10, 5 µm\) {3}= {2}8410$/);
  });

  it("keeps contrast that is typed, and chooses it again with A", async function () {
    const page = Page.for(this);
    const uri = await writeStack(
      join(folder, "contrast.tif"),
      { axes: "ZYX", shape: SHAPE, dtype: "uint16" },
      (i) => i,
    );
    await openStack(page, uri);
    await untilPlane(page, "0,2,0");
    await page.evaluate(
      `for (const [id, value] of [["low", "100"], ["high", "9000"]]) {
        const input = document.querySelector("#" + id);
        input.value = value;
        input.dispatchEvent(new Event("change"));
      }`,
      { frame: "webview" },
    );
    await focusPicture(page);
    await page.press(".");
    const shown = await untilPlane(page, "0,3,0");
    assert.deepEqual([shown.low, shown.high], ["100", "9000"]);
    await page.press("a");
    await until("Auto chose other limits", async () =>
      (await picture(page)).high === "9000" ? undefined : true,
    );
    const { low, high } = await picture(page);
    assert.ok(Number(low) >= valueAt(3, 0, 0) && Number(high) <= valueAt(3, 39, 59), `${low} – ${high}`);
  });

  it("shows each stack of a file that holds several", async function () {
    const page = Page.for(this);
    const path = join(folder, "series.tif");
    const small = { width: 30, height: 20, value: (row: number, column: number) => row + column };
    const large = { width: 50, height: 40, value: (row: number, column: number) => row + 2 * column };
    writeFileSync(path, makeTiff([small, large]));
    await openStack(page, Uri.file(path));
    const shows = (region: string): Promise<true> =>
      until(`the stack of ${region} is shown`, async () =>
        (await picture(page)).region === region ? true : undefined,
      );
    await shows("0,20,0,30");
    // As the metadata do, the slider counts from 1.
    assert.equal(await fieldValue(page, "#series-number"), 1);
    await pressIn(page, "#series-slider", "ArrowRight");
    await shows("0,40,0,50");
    await until("the slider is at 2", async () =>
      (await fieldValue(page, "#series-number")) === 2 ? true : undefined,
    );
    await typeInto(page, "#series-number", "1");
    await shows("0,20,0,30");
    await typeInto(page, "#series-number", "2");
    await shows("0,40,0,50");
    await clickOn(page, "#toggle-side");
    await clickOn(page, "#tab-info");
    await until("the metadata name the same stack", async () =>
      /Series\s+2 of 2 \(--series 1\)/.test(await page.text(part("#info"))) ? true : undefined,
    );
    assert.equal((await readout(page, 45, 35)).value, 35 + 2 * 45);
    await commands.executeCommand("workbench.action.files.newUntitledFile");
    await commands.executeCommand("workbench.action.closeActiveEditor");
    await page.waitFor({ frame: "webview", selector: "body[data-state=ready]" });
    await shows("0,40,0,50");
  });

  it("shows channels and time points, fractions and NaN", async function () {
    const page = Page.for(this);
    const layout = { axes: "TCYX", shape: [2, 3, 8, 8], dtype: "float32" } as const;
    const uri = await writeStack(join(folder, "float.tif"), { ...layout, shape: [...layout.shape] }, (i) =>
      i === 65 ? NaN : i / 8,
    );
    await openStack(page, uri);
    await focusPicture(page);
    await page.press("c");
    await untilPlane(page, "0,0,1");
    assert.ok(Number.isNaN((await readout(page, 1, 0)).value));
    assert.equal((await readout(page, 3, 0)).value, 67 / 8);
    await page.press("t");
    await untilPlane(page, "1,0,1");
    assert.equal((await readout(page, 3, 0)).value, (192 + 67) / 8);
  });

  it("shows the same plane at the same zoom after another tab was looked at", async function () {
    const page = Page.for(this);
    const uri = await writeStack(
      join(folder, "tabs.tif"),
      { axes: "ZYX", shape: SHAPE, dtype: "uint16" },
      (i) => i,
    );
    await openStack(page, uri);
    await focusPicture(page);
    await page.press(".");
    await page.press("1");
    await untilPlane(page, "0,3,0");
    const note = await workspace.openTextDocument({ content: "something else" });
    await window.showTextDocument(note);
    await openStack(page, uri);
    await untilPlane(page, "0,3,0");
    assert.equal(await page.text({ frame: "webview", selector: "#zoom" }), "100 %");
    await window.showTextDocument(note);
    await commands.executeCommand("workbench.action.revertAndCloseActiveEditor");
  });

  it("shows a file anew when another program writes it", async function () {
    const page = Page.for(this);
    const path = join(folder, "changing.tif");
    const uri = await writeStack(path, { axes: "YX", shape: [16, 16], dtype: "uint8" }, () => 7);
    const other = await writeStack(
      join(folder, "other.tif"),
      { axes: "YX", shape: [16, 16], dtype: "uint8" },
      () => 99,
    );
    await openStack(page, uri);
    assert.equal((await readout(page, 3, 3)).value, 7);
    copyFileSync(other.fsPath, path);
    await until("the new value is shown", async () =>
      (await readout(page, 3, 3)).value === 99 ? true : undefined,
    );
  });

  it("says in one sentence why a broken file cannot be shown, and shows it once it is whole", async function () {
    const page = Page.for(this);
    const path = join(folder, "broken.tif");
    const whole = await writeStack(
      join(folder, "whole.tif"),
      { axes: "YX", shape: [64, 64], dtype: "uint16" },
      (i) => i,
    );
    writeFileSync(path, "This is no TIFF file.");
    await commands.executeCommand("vscode.openWith", Uri.file(path), "tilewright.stack");
    await page.waitFor({ frame: "webview", selector: "body[data-state=error] #error-message" });
    const message = await page.text({ frame: "webview", selector: "#error-message" });
    assert.match(message, /TIFF/);
    assert.ok(message.length < 200 && !/\n|at .*:\d+/.test(message), message);
    assert.deepEqual(
      (await page.notifications()).filter((text) => text.includes("broken")),
      [],
    );
    copyFileSync(whole.fsPath, path);
    await page.waitFor({ frame: "webview", selector: "body[data-state=ready]" });
    assert.equal((await readout(page, 5, 2)).value, 2 * 64 + 5);
  });

  it("says why a file in a virtual file system cannot be shown", async function () {
    const page = Page.for(this);
    const registered = workspace.registerFileSystemProvider("tilewright-test", new EmptyFiles());
    try {
      const uri = Uri.parse("tilewright-test:/virtual.tif");
      await commands.executeCommand("vscode.openWith", uri, "tilewright.stack");
      await page.waitFor({ frame: "webview", selector: "body[data-state=error] #error-message" });
      const message = await page.text({ frame: "webview", selector: "#error-message" });
      assert.match(message, /virtual\.tif is in a virtual file system/);
      assert.match(await page.text({ frame: "webview", selector: "#error-hint" }), /copy it/);
    } finally {
      await closeAll();
      registered.dispose();
    }
  });

  it("reports missing pixels instead of drawing black", async function () {
    const page = Page.for(this);
    const path = join(folder, "truncated.tif");
    await writeStack(path, { axes: "YX", shape: [512, 512], dtype: "uint16" }, (i) => i % 999);
    truncateSync(path, 200_000);
    await commands.executeCommand("vscode.openWith", Uri.file(path), "tilewright.stack");
    await page.waitFor({ frame: "webview", selector: "body[data-state=error] #error-message" });
    await page.click({ frame: "webview", selector: "#retry" });
    await page.waitFor({ frame: "webview", selector: "body[data-state=error] #error-message" });
  });

  it("decodes in its reader, and loads no engine into the extension host for that", async function () {
    const page = Page.for(this);
    await openStack(page, copySample(folder, "reader.tif"));
    assert.equal((await diagnostics()).readerRuns, true);
    const { sharedObjects } = process.report.getReport() as unknown as { sharedObjects: string[] };
    assert.deepEqual(
      sharedObjects.filter((file) => /onnxruntime|tensorflow/.test(file)),
      [],
    );
  });

  it("violates no content security policy and raises no fault", async function () {
    const page = Page.for(this);
    await openStack(page, copySample(folder, "policy.tif"));
    assert.deepEqual(await page.cspViolations(), []);
    const { cspViolations, faults, readerRuns } = await diagnostics();
    assert.deepEqual(
      { cspViolations, faults, readerRuns },
      { cspViolations: [], faults: [], readerRuns: true },
    );
  });

  it("counts a violation when there is one", async function () {
    const page = Page.for(this);
    await openStack(page, copySample(folder, "violation.tif"));
    const before = (await diagnostics()).cspViolations.length;
    await page.evaluate(
      "document.body.insertAdjacentHTML('beforeend', '<img src=\"http://127.0.0.1:9/x.png\">')",
      { frame: "webview" },
    );
    await until("it is counted", async () =>
      (await diagnostics()).cspViolations.length > before ? true : undefined,
    );
  });
});
