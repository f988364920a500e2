import assert from "node:assert/strict";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { CancellationTokenSource, Uri, commands, window } from "vscode";
import type { BatchOutlook, BatchResult } from "../../src/predict/batch";
import type { PredictionResult } from "../../src/predict/record";
import { Page } from "./page";
import { closeAll, copySample, diagnostics, sampleModel, testFolder, until, writeStack } from "./support";

const predict = <T = BatchResult>(targets: unknown, order: object): Thenable<T> =>
  commands.executeCommand<T>("tilewright.predictTiled", targets, order);

const tabNames = (): string[] => window.tabGroups.all.flatMap(({ tabs }) => tabs.map(({ label }) => label));

/** A menu ignores clicks for its first 100 ms, so that the click that opened it does not choose. */
const MENU_DEAF_MS = 400;
/** The first entry of the plan. */
const PREDICT_ROW = ".quick-input-list .monaco-list-row.focused:has-text('Stacks')";
const row = (name: string): string => `.explorer-folders-view .monaco-list-row:has-text('${name}')`;

describe("predicting several stacks", () => {
  const model = sampleModel("care2d");
  let folder = "";
  let uris: Uri[] = [];

  /** Three small stacks, the second one broken, in a folder of their own. */
  async function stacksIn(name: string): Promise<void> {
    folder = join(testFolder("batch"), name);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    const stack = { axes: "YX", shape: [96, 80], dtype: "uint16" } as const;
    const paths = ["m1.tif", "m2.tif", "m3.tif"].map((file) => join(folder, `${name}-${file}`));
    for (const [i, path] of paths.entries()) {
      await writeStack(path, { ...stack, shape: [...stack.shape] }, (at) => 100 + ((at * (i + 7)) % 61));
    }
    writeFileSync(paths[1], "broken");
    uris = paths.map((path) => Uri.file(path));
  }

  afterEach(closeAll);

  it("by a script asks nothing and resolves to what the command line prints; a broken one stops none", async () => {
    await stacksIn("scripted");
    const before = (await diagnostics()).workers;
    const out = join(folder, "out");
    const { files, totals } = await predict(uris, { model, out, tiles: "2,2", overlap: 24, engine: "cpu" });
    assert.deepEqual(
      files.map(({ file }) => file),
      uris.map(({ fsPath }) => fsPath),
    );
    assert.ok("error" in files[1] && files[1].error.code.startsWith("stack."), JSON.stringify(files[1]));
    const first = files[0] as PredictionResult;
    assert.equal(first.out, join(out, basename(uris[0].fsPath)));
    assert.equal(first.tiles, 4);
    assert.ok(existsSync(first.out) && existsSync(first.record));
    assert.equal(totals.predicted, 2);
    assert.equal(totals.failed, 1);
    assert.ok((await diagnostics()).workers <= before, "its process is gone");
    const alone = join(folder, "alone.tif");
    await predict<PredictionResult>(uris[0], { model, out: alone, tiles: "2,2", overlap: 24, engine: "cpu" });
    assert.ok(readFileSync(alone).equals(readFileSync(first.out)));
  });

  it("by a script takes a folder, plans without predicting, and skips what is finished", async () => {
    await stacksIn("planned");
    const order = { model, out: join(folder, "out"), engine: "cpu" };
    const target = Uri.file(folder);
    const outlook = await predict<BatchOutlook>(target, { ...order, dryRun: true });
    assert.deepEqual(outlook.totals, { files: 3, predict: 2, resume: 0, skip: 0, failed: 1 });
    assert.ok(!existsSync(order.out));
    assert.equal((await predict(target, order)).totals.predicted, 2);
    assert.equal((await predict(target, { ...order, resume: true })).totals.skipped, 2);
    await assert.rejects(
      async () => predict(target, { ...order, out: folder }),
      (error: Error & { code?: string }) => error.code === "batch.outIsInput",
    );
  });

  it("by a script can be cancelled, keeps what is done, and goes on there", async () => {
    const own = testFolder("batch-cancelled");
    const stacks = [copySample(own, "c1.tif"), copySample(own, "c2.tif")];
    const out = join(own, "out");
    rmSync(out, { recursive: true, force: true });
    const order = { model, out, tiles: { Y: 2, X: 2 }, engine: "cpu" };
    const cancel = new CancellationTokenSource();
    const running = predict(stacks, { ...order, token: cancel.token });
    running.then(undefined, () => undefined);
    const journal = join(out, "c1.tif.partial.journal");
    await until("a tile is done", () =>
      existsSync(journal) && readFileSync(journal, "utf8").includes('{"tile":') ? true : undefined,
    );
    cancel.cancel();
    await assert.rejects(async () => running, /Cancel/);
    assert.ok(existsSync(journal) && !existsSync(join(out, "c1.tif")) && !existsSync(join(out, "c2.tif")));
    const outlook = await predict<BatchOutlook>(stacks, { ...order, resume: true, dryRun: true });
    assert.deepEqual(outlook.totals, { files: 2, predict: 1, resume: 1, skip: 0, failed: 0 });
    assert.equal((await predict([stacks[0]], { ...order, resume: true })).totals.predicted, 1);
  });

  it("from the explorer: what is selected, one model, one folder, one plan; errors on a page", async function () {
    const page = Page.for(this);
    await stacksIn("explored");
    await commands.executeCommand("revealInExplorer", uris[0]);
    await page.waitFor({ selector: row("explored-m3.tif") });
    await commands.executeCommand("list.expandSelectionDown");
    await commands.executeCommand("list.expandSelectionDown");
    await page.waitFor({
      selector: `.explorer-folders-view .monaco-list-row.selected:has-text('explored-m3.tif')`,
    });
    await page.click({ selector: row("explored-m1.tif"), button: "right" });
    const entry = { selector: ".monaco-menu .action-item:has-text('Predict Tiled…')" };
    await page.waitFor(entry);
    await delay(MENU_DEAF_MS);
    await page.click(entry);
    await page.waitFor({ selector: ".quick-input-widget:has-text('Predict 3 selected')" });
    await page.pick("care2d");
    await page.waitFor({ selector: ".quick-input-widget:has-text('Write the results to')" });
    await page.pick("predicted-care2d");
    await page.waitFor({
      selector: ".quick-input-widget:has-text('3 stacks with care2d; plan of explored-m1.tif')",
    });
    await page.click({ selector: PREDICT_ROW });
    const out = join(folder, "predicted-care2d");
    await until("it is told", async () =>
      (await page.notifications()).some((text) => /2 predicted, 1 failed/.test(text)) ? true : undefined,
    );
    for (const name of ["explored-m1.tif", "explored-m3.tif"]) assert.ok(existsSync(join(out, name)), name);
    await page.click({ selector: '[id="status.notifications"]' });
    await page.click({ selector: `.notifications-center .monaco-button:has-text("Show Errors")` });
    await until("the page is open", () =>
      tabNames().includes("predicted-care2d errors.txt") ? true : undefined,
    );
    assert.match(
      window.activeTextEditor?.document.getText() ?? "",
      /explored-m2\.tif +this is not a TIFF file/,
    );
  });

  it("of a folder again asks what to do with the results that exist, and opens them", async function () {
    const page = Page.for(this);
    await stacksIn("again");
    const out = join(folder, "predicted-care2d");
    await predict([uris[0], uris[2]], { model, out, engine: "auto" });
    const before = readFileSync(join(out, "again-m1.tif.run.json"), "utf8");
    rmSync(join(out, "again-m3.tif"));
    const done = commands.executeCommand("tilewright.predictTiled", Uri.file(folder));
    await page.waitFor({ selector: ".quick-input-widget:has-text('Predict the stacks in again')" });
    await page.pick("care2d");
    await page.waitFor({ selector: ".quick-input-widget:has-text('Write the results to')" });
    await page.pick("predicted-care2d");
    await page.click({ selector: PREDICT_ROW });
    await page.waitFor({
      selector: ".quick-input-widget:has-text('Results exist in this folder: 1 finished')",
    });
    await page.pick("Keep and Go On");
    await done;
    assert.ok(existsSync(join(out, "again-m3.tif")));
    assert.equal(readFileSync(join(out, "again-m1.tif.run.json"), "utf8"), before);
    await until("it is told", async () =>
      (await page.notifications()).some((text) => /1 predicted, 1 finished already, 1 failed/.test(text))
        ? true
        : undefined,
    );
    await page.click({ selector: '[id="status.notifications"]' });
    await page.click({ selector: `.notifications-center .monaco-button:has-text("Open Results")` });
    await until("both results are open", () =>
      ["again-m1.tif", "again-m3.tif"].every((name) => tabNames().includes(name)) ? true : undefined,
    );
  });
});
