import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { CancellationTokenSource, ConfigurationTarget, Uri, commands, window, workspace } from "vscode";
import type { PredictionResult } from "../../src/predict/record";
import { Page } from "./page";
import {
  closeAll,
  copySample,
  diagnostics,
  openStack,
  readStack,
  sampleModel,
  testFolder,
  until,
} from "./support";

const predict = (uri: Uri, order: object): Thenable<PredictionResult> =>
  commands.executeCommand<PredictionResult>("tilewright.predictTiled", uri, order);

const tabNames = (): string[] => window.tabGroups.all.flatMap(({ tabs }) => tabs.map(({ label }) => label));

/** Tiles that the journal of an unfinished run has. */
function tilesDone(out: string): number {
  const journal = `${out}.partial.journal`;
  return existsSync(journal) ? [...readFileSync(journal, "utf8").matchAll(/^\{"tile":/gm)].length : 0;
}

/** Removes what an earlier try of the same test left. */
function removeResult(out: string): void {
  for (const ending of ["", ".run.json", ".partial", ".partial.journal"])
    rmSync(out + ending, { force: true });
}

/** The first entry of the plan, ready for Enter. */
const PREDICT_ROW = ".quick-input-list .monaco-list-row.focused:has-text('Predict')";

describe("predicting", () => {
  const folder = testFolder("predict");
  const settings = () => workspace.getConfiguration("tilewright");

  afterEach(closeAll);

  it("by a script asks nothing and resolves to what the command line prints", async () => {
    const uri = copySample(folder);
    const out = join(folder, "scripted.tif");
    const result = await predict(uri, {
      model: sampleModel("care2d"),
      out,
      tiles: { Y: 3, X: 3 },
      engine: "cpu",
    });
    assert.equal(result.out, out);
    assert.equal(result.record, `${out}.run.json`);
    assert.equal(result.tiles, 24 * 9);
    assert.match(result.engine.device, /CPU/);
    assert.ok(result.seconds > 0 && result.voxelsPerSecond > 0 && result.peakRssBytes > 0);
    assert.ok(existsSync(result.record));
    assert.deepEqual((await readStack(out)).shape, [24, 256, 256]);
    assert.equal((await diagnostics()).workers, 0);
  });

  it("tiled gives the same as in one piece", async () => {
    const uri = copySample(folder);
    const model = sampleModel("care3d");
    const [tiled, whole] = [join(folder, "tiled.tif"), join(folder, "whole.tif")];
    await predict(uri, { model, out: tiled, tiles: { Y: 3, X: 3 }, engine: "cpu" });
    await predict(uri, { model, out: whole, untiled: true, engine: "cpu" });
    const [a, b] = [(await readStack(tiled)).data, (await readStack(whole)).data];
    let [difference, low, high] = [0, Infinity, -Infinity];
    for (let i = 0; i < a.length; i++) {
      difference = Math.max(difference, Math.abs(a[i] - b[i]));
      low = Math.min(low, b[i]);
      high = Math.max(high, b[i]);
    }
    assert.ok(difference / (high - low) <= 1e-5, `${difference} of ${high - low}`);
  });

  it("by a script rejects with one sentence and a code", async () => {
    const uri = copySample(folder);
    const order = { model: join(folder, "no-model"), out: join(folder, "never.tif") };
    await assert.rejects(
      async () => predict(uri, order),
      (error: Error & { code?: string }) =>
        error.code === "file.missing" && error.message.includes("no-model"),
    );
    assert.ok(!existsSync(order.out));
    await assert.rejects(async () => predict(uri, { model: sampleModel("care2d") }), /model and out/);
  });

  it("can be cancelled, keeps what is done, and resumes to the same bytes", async () => {
    const uri = copySample(folder);
    const model = sampleModel("care2d");
    const [out, reference] = [join(folder, "resumed.tif"), join(folder, "reference.tif")];
    const order = { model, tiles: { Y: 2, X: 2 }, engine: "cpu" };
    const cancel = new CancellationTokenSource();
    const running = predict(uri, { ...order, out, token: cancel.token });
    running.then(undefined, () => undefined);
    await until("some tiles are done", () => (tilesDone(out) >= 3 ? true : undefined));
    cancel.cancel();
    await assert.rejects(async () => running, /Cancel/);
    assert.equal((await diagnostics()).workers, 0);
    assert.ok(!existsSync(out));
    const before = tilesDone(out);
    assert.ok(before >= 3 && before < 96, `${before} tiles`);
    await assert.rejects(async () => predict(uri, { ...order, out }), /unfinished/);
    await predict(uri, { ...order, out, resume: true });
    await predict(uri, { ...order, out: reference });
    assert.ok(readFileSync(out).equals(readFileSync(reference)));
    assert.ok(!existsSync(`${out}.partial`) && !existsSync(`${out}.partial.journal`));
  });

  it("by keyboard: palette, model, plan, Enter; the result opens beside", async function () {
    const page = Page.for(this);
    const uri = copySample(folder, "keyboard.tif");
    removeResult(join(folder, "keyboard_care3d.tif"));
    const out = join(folder, "keyboard_care3d.tif");
    rmSync(out, { force: true });
    await openStack(page, uri);
    await page.palette("Tilewright: Predict Tiled…");
    await page.pick("care3d");
    await page.waitFor({ selector: PREDICT_ROW });
    await page.press("Enter");
    await until(
      "the result is open",
      () => (tabNames().includes("keyboard_care3d.tif") ? true : undefined),
      90,
    );
    await page.waitFor({ frame: "webview", selector: "body[data-state=ready]" });
    assert.equal(window.tabGroups.all.length, 2);
    await until("it is told", async () =>
      (await page.notifications()).some((text) => /keyboard_care3d\.tif: 1 tile in/.test(text))
        ? true
        : undefined,
    );
  });

  it("shows the plan again after tiles were changed, and predicts that plan", async function () {
    const page = Page.for(this);
    const uri = copySample(folder, "changed.tif");
    removeResult(join(folder, "changed_care2d.tif"));
    await openStack(page, uri);
    await page.palette("Tilewright: Predict Tiled…");
    await page.pick("care2d");
    await page.waitFor({ selector: ".quick-input-list .monaco-list-row:has-text('Change tiles…')" });
    await page.pick("Change tiles…");
    await page.waitFor({ selector: ".quick-input-widget:has-text('Tiles per axis')" });
    await page.answer("Y=2,X=2");
    await page.waitFor({ selector: ".quick-input-list .monaco-list-row:has-text('96 tiles')" });
    await page.press("Enter");
    await until(
      "the result is open",
      () => (tabNames().includes("changed_care2d.tif") ? true : undefined),
      90,
    );
    const record = JSON.parse(readFileSync(join(folder, "changed_care2d.tif.run.json"), "utf8"));
    assert.equal(record.plan.count, 96);
  });

  it("offers to resume a partial result with the same output", async function () {
    const page = Page.for(this);
    const uri = copySample(folder, "again.tif");
    removeResult(join(folder, "again_care2d.tif"));
    const out = join(folder, "again_care2d.tif");
    await settings().update("tiling.tiles", { Y: 2, X: 2 }, ConfigurationTarget.Workspace);
    await settings().update("engine.preferred", "cpu", ConfigurationTarget.Workspace);
    try {
      const cancel = new CancellationTokenSource();
      const running = predict(uri, { model: sampleModel("care2d"), out, token: cancel.token });
      running.then(undefined, () => undefined);
      await until("some tiles are done", () => (tilesDone(out) >= 3 ? true : undefined));
      cancel.cancel();
      await assert.rejects(async () => running);
      await openStack(page, uri);
      await page.palette("Tilewright: Predict Tiled…");
      await page.pick("care2d");
      await page.click({ selector: PREDICT_ROW });
      await page.waitFor({
        selector: ".quick-input-widget:has-text('A partial result of again_care2d.tif exists')",
      });
      await page.pick("Resume");
      await until(
        "the result is open",
        () => (tabNames().includes("again_care2d.tif") ? true : undefined),
        90,
      );
      assert.ok(existsSync(out) && !existsSync(`${out}.partial`));
    } finally {
      await settings().update("tiling.tiles", undefined, ConfigurationTarget.Workspace);
      await settings().update("engine.preferred", undefined, ConfigurationTarget.Workspace);
    }
  });

  it("can be cancelled and resumed from its notifications", async function () {
    const page = Page.for(this);
    await commands.executeCommand("notifications.clearAll");
    const uri = copySample(folder, "stopped.tif");
    removeResult(join(folder, "stopped_care3d.tif"));
    const out = join(folder, "stopped_care3d.tif");
    const button = (text: string) => ({
      selector: `.notifications-center .monaco-button:has-text("${text}")`,
    });
    await settings().update("tiling.tiles", { Y: 4, X: 4 }, ConfigurationTarget.Workspace);
    await settings().update("engine.preferred", "cpu", ConfigurationTarget.Workspace);
    await settings().update("engine.threads", 1, ConfigurationTarget.Workspace);
    try {
      await openStack(page, uri);
      await page.palette("Tilewright: Predict Tiled…");
      await page.pick("care3d");
      await page.click({ selector: PREDICT_ROW });
      await until("a tile is done", () => (tilesDone(out) >= 1 ? true : undefined));
      await page.click({ selector: '[id="status.notifications"]' });
      await page.click(button("Cancel"));
      // The list closes when it is empty for a moment, and what comes then is behind the bell.
      await until("it is told what is kept", async () => {
        const texts = await page.notifications();
        if (texts.some((text) => text.includes("are kept in stopped_care3d.tif.partial"))) return true;
        await page.click({ selector: '[id="status.notifications"]' });
        return undefined;
      });
      assert.ok(!existsSync(out));
      assert.equal((await diagnostics()).workers, 1, "only the one that answers questions about plans");
      // A button of a long message can lie below the heading of the list, where the mouse does not reach it.
      const pressResume = `(() => {
        const buttons = document.querySelectorAll(".notifications-list-container .monaco-button");
        const resume = [...buttons].find(({ textContent }) => textContent === "Resume");
        resume?.click();
        return resume !== undefined;
      })()`;
      await until("Resume is pressed", async () => {
        if ((await page.evaluate(pressResume)) === true) return true;
        await page.click({ selector: '[id="status.notifications"]' });
        return undefined;
      });
      await until(
        "the result is open",
        () => (tabNames().includes("stopped_care3d.tif") ? true : undefined),
        90,
      );
      assert.ok(existsSync(out) && !existsSync(`${out}.partial`));
    } finally {
      for (const key of ["tiling.tiles", "engine.preferred", "engine.threads"]) {
        await settings().update(key, undefined, ConfigurationTarget.Workspace);
      }
    }
  });

  it("tells once, with a hint, when a model cannot be read", async function () {
    const page = Page.for(this);
    const uri = copySample(folder, "hint.tif");
    await openStack(page, uri);
    await commands.executeCommand("tilewright.inspectModel", Uri.file(folder));
    const told = await until("it is told", async () => {
      const texts = (await page.notifications()).filter((text) => text.includes("Inspect Model"));
      return texts.length > 0 ? texts : undefined;
    });
    assert.equal(told.length, 1);
    assert.match(told[0], /is no model.*\(choose the folder that holds config\.json/);
  });

  it("predicts the part of the stack that is on the screen", async function () {
    const page = Page.for(this);
    const uri = copySample(folder, "visible.tif");
    removeResult(join(folder, "visible_care2d.tif"));
    await openStack(page, uri);
    await page.evaluate("document.querySelector('#picture').focus()", { frame: "webview" });
    for (let i = 0; i < 4; i++) await page.press("+");
    const { view } = await until("the viewer told what it shows", async () => {
      const [shown] = (await diagnostics()).views;
      return shown?.view !== null && shown?.view !== undefined && shown.view.zoom > 4
        ? { view: shown.view }
        : undefined;
    });
    await page.palette("Tilewright: Predict Visible Region");
    await page.pick("care2d");
    await page.click({ selector: PREDICT_ROW });
    await until(
      "the result is open",
      () => (tabNames().includes("visible_care2d.tif") ? true : undefined),
      90,
    );
    const { shape } = await readStack(join(folder, "visible_care2d.tif"));
    const { y, x } = view.region;
    assert.deepEqual(shape.slice(-2), [y[1] - y[0], x[1] - x[0]]);
    assert.equal(
      shape.reduce((a, b) => a * b, 1),
      (y[1] - y[0]) * (x[1] - x[0]),
      "one slice",
    );
  });

  it("shows a run record and repeats the run into a file of its own", async function () {
    Page.for(this);
    const uri = copySample(folder, "record.tif");
    const out = join(folder, "record_out.tif");
    await predict(uri, { model: sampleModel("care2d"), out, tiles: { Y: 2, X: 2 }, engine: "cpu" });
    const record = await commands.executeCommand<string>("tilewright.showRun", Uri.file(out));
    assert.equal(record, `${out}.run.json`);
    const shown = window.activeTextEditor?.document;
    assert.equal(shown?.languageId, "json");
    assert.equal((JSON.parse(shown?.getText() ?? "") as { schema: string }).schema, "tilewright-run/1");
    await commands.executeCommand("tilewright.repeatRun", Uri.file(out));
    assert.ok(readFileSync(join(folder, "record_out-2.tif")).equals(readFileSync(out)));
  });

  it("opens the sample where results can be written beside it", async function () {
    const page = Page.for(this);
    const uri = await commands.executeCommand<Uri>("tilewright.openSample");
    await page.waitFor({ frame: "webview", selector: "body[data-state=ready]" });
    assert.ok(uri.fsPath.endsWith("stack.tif") && !uri.fsPath.includes("media"));
  });

  it("lists the engines of this machine", async () => {
    const text = await commands.executeCommand<string>("tilewright.showEngines");
    assert.match(text, /✓ cpu/);
  });
});
