import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Uri, commands, window } from "vscode";
import { Page } from "./page";
import {
  closeAll,
  copySample,
  diagnostics,
  openStack,
  sampleModel,
  testFolder,
  until,
  writeStack,
} from "./support";

/** A menu that has just come up takes no click. */
const MENU_DEAF_MS = 400;

const compare = (first: Uri, second: unknown): Thenable<number | undefined> =>
  commands.executeCommand<number | undefined>("tilewright.compareStacks", first, second);

const addLayer = (first: Uri, second: unknown): Thenable<number | undefined> =>
  commands.executeCommand<number | undefined>("tilewright.addLayer", first, second);

/** Layers of an open stack, as "number name". */
async function layersOf(uri: Uri): Promise<string[]> {
  const { views } = await diagnostics();
  const view = views.find(({ path }) => path === uri.fsPath);
  return (view?.layers ?? []).map(({ layer, path }) => `${layer} ${basename(path)}`);
}

async function untilLayers(uri: Uri, wanted: readonly string[]): Promise<void> {
  await until(`${basename(uri.fsPath)} has the layers ${wanted.join(", ")}`, async () =>
    JSON.stringify(await layersOf(uri)) === JSON.stringify(wanted) ? true : undefined,
  );
}

/** Keeps what the viewer is told about layers from now on. */
const LISTEN = `(() => {
  window.toldAboutLayers = [];
  window.addEventListener("message", ({ data }) => {
    if (data?.kind === "event" && data.event === "layersChanged") window.toldAboutLayers.push(data.payload.compare);
  });
})()`;

const told = (page: Page): Promise<unknown> => page.evaluate("window.toldAboutLayers", { frame: "webview" });

const row = (name: string): string => `.explorer-folders-view .monaco-list-row:has-text('${name}')`;

describe("comparing stacks", () => {
  const folder = testFolder("compare");
  const flat = (name: string, shape: number[]): Promise<Uri> =>
    writeStack(
      join(folder, name),
      { axes: "ZYX".slice(3 - shape.length), shape, dtype: "uint8" },
      (i) => i % 200,
    );

  before(() => commands.executeCommand("notifications.clearAll"));
  afterEach(closeAll);

  it("by a script opens the first and adds the second to it, once, and tells the viewer to compare", async function () {
    const page = Page.for(this);
    const [first, second] = [await flat("one.tif", [3, 40, 60]), await flat("two.tif", [40, 60])];
    await openStack(page, first);
    await page.evaluate(LISTEN, { frame: "webview" });
    assert.equal(await compare(first, second), 1);
    assert.equal(await compare(first, second.fsPath), 1);
    assert.deepEqual(await layersOf(first), ["1 two.tif"]);
    await until("the viewer is told", async () => {
      const compared = ((await told(page)) as (number | null)[]).filter((layer) => layer !== null);
      return compared.length === 2 && compared.every((layer) => layer === 1) ? true : undefined;
    });
  });

  it("adds a mask as a layer without comparing", async function () {
    const page = Page.for(this);
    const [first, mask] = [await flat("masked.tif", [40, 60]), await flat("mask.tif", [40, 60])];
    await openStack(page, first);
    await page.evaluate(LISTEN, { frame: "webview" });
    assert.equal(await addLayer(first, mask), 1);
    await until("the viewer is told", async () =>
      JSON.stringify(await told(page)) === "[null]" ? true : undefined,
    );
  });

  it("opens the first stack when it is not open yet", async () => {
    const [first, second] = [await flat("closed.tif", [40, 60]), await flat("other.tif", [40, 60])];
    assert.equal(await compare(first, second), 1);
    assert.deepEqual(await layersOf(first), ["1 other.tif"]);
  });

  it("refuses a stack of another size with both sizes, and one that is not there", async () => {
    const [first, small] = [await flat("large.tif", [40, 60]), await flat("small.tif", [40, 30])];
    await assert.rejects(
      async () => compare(first, small),
      (error: Error & { code?: string }) =>
        error.code === "layer.size" &&
        error.message.startsWith("small.tif has 40 × 30 px (Y × X), large.tif has 40 × 60 px (Y × X)"),
    );
    await assert.rejects(
      async () => compare(first, Uri.file(join(folder, "nowhere.tif"))),
      (error: Error & { code?: string }) => error.code === "file.missing",
    );
    assert.deepEqual(await layersOf(first), []);
  });

  it("keeps layers with their numbers until the editor is opened again, and drops those whose file is gone", async function () {
    const page = Page.for(this);
    const uris = await Promise.all(["kept.tif", "l1.tif", "l2.tif"].map((name) => flat(name, [40, 60])));
    const [first, gone, stays] = uris;
    assert.equal(await addLayer(first, gone), 1);
    assert.equal(await addLayer(first, stays), 2);
    await closeAll();
    rmSync(gone.fsPath);
    await openStack(page, first);
    await untilLayers(first, ["2 l2.tif"]);
  });

  it("proposes the stacks that are open", async function () {
    const page = Page.for(this);
    const [first, second] = [await flat("asked.tif", [40, 60]), await flat("proposed.tif", [40, 60])];
    await commands.executeCommand("vscode.openWith", second, "tilewright.stack", { preview: false });
    await openStack(page, first);
    await page.palette("Tilewright: Compare with…");
    await page.waitFor({ selector: ".quick-input-widget:has-text('Compare asked.tif with')" });
    await page.waitFor({ selector: ".quick-input-list .monaco-list-row:has-text('Browse…')" });
    await page.pick("proposed.tif");
    await untilLayers(first, ["1 proposed.tif"]);
  });

  it("from the explorer on two selected stacks; with three it is not offered", async function () {
    const page = Page.for(this);
    const uris = await Promise.all(["sel1.tif", "sel2.tif", "sel3.tif"].map((name) => flat(name, [40, 60])));
    await commands.executeCommand("revealInExplorer", uris[0]);
    await page.waitFor({ selector: row("sel3.tif") });
    const entry = { selector: ".monaco-menu .action-item:has-text('Compare with…')" };
    const selected = (name: string) => ({
      selector: `.explorer-folders-view .monaco-list-row.selected:has-text('${name}')`,
    });
    await commands.executeCommand("list.expandSelectionDown");
    await page.waitFor(selected("sel2.tif"));
    await page.click({ selector: row("sel1.tif"), button: "right" });
    await page.waitFor(entry);
    await delay(MENU_DEAF_MS);
    await page.click(entry);
    await untilLayers(uris[0], ["1 sel2.tif"]);
    await commands.executeCommand("revealInExplorer", uris[0]);
    await commands.executeCommand("list.expandSelectionDown");
    await commands.executeCommand("list.expandSelectionDown");
    await page.waitFor(selected("sel3.tif"));
    await page.click({ selector: row("sel1.tif"), button: "right" });
    const has = (title: string): string => `:has(.action-item:has-text('${title}'))`;
    await page.waitFor({ selector: `.monaco-menu${has("Predict Tiled…")}:not(${has("Compare with…")})` });
    await page.press("Escape");
    await commands.executeCommand("tilewright.addLayer", uris[0], uris);
    await until("it is told", async () =>
      (await page.notifications()).some((text) => text.includes("3 files are selected")) ? true : undefined,
    );
    assert.deepEqual(await layersOf(uris[0]), ["1 sel2.tif"]);
    await assert.rejects(
      async () => commands.executeCommand("tilewright.compareStacks", uris[0], { with: 5 }),
      /URI or a path/,
    );
  });

  it("of a result with its input is offered when the prediction ends", async function () {
    const page = Page.for(this);
    const input = copySample(folder, "predicted.tif");
    const out = join(folder, "predicted_care2d.tif");
    for (const ending of ["", ".run.json"]) rmSync(out + ending, { force: true });
    await openStack(page, input);
    await page.palette("Tilewright: Predict Tiled…");
    await page.pick("care2d");
    await page.click({ selector: ".quick-input-list .monaco-list-row.focused:has-text('Predict')" });
    await until(
      "it is told",
      async () =>
        (await page.notifications()).some((text) => text.includes("predicted_care2d.tif")) ? true : undefined,
      90,
    );
    await page.click({ selector: '[id="status.notifications"]' });
    await page.click({ selector: `.notifications-center .monaco-button:has-text("Compare with Input")` });
    await untilLayers(Uri.file(out), ["1 predicted.tif"]);
    assert.equal(window.tabGroups.all.flatMap(({ tabs }) => tabs).length, 2);
    // And the other way round: the input proposes what came out of it.
    await commands.executeCommand("vscode.openWith", input, "tilewright.stack");
    await page.palette("Tilewright: Compare with…");
    await page.waitFor({
      selector: `.quick-input-list .monaco-list-row:has-text('predicted from this with ${basename(sampleModel("care2d"))}')`,
    });
    await page.press("Escape");
  });
});
