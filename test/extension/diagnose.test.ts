import assert from "node:assert/strict";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { basename, join } from "node:path";
import { Uri, commands, env } from "vscode";
import type { Diagnosis } from "../../src/diagnose/diagnosis";
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

const diagnose = (uri: Uri, ...order: readonly unknown[]): Thenable<Diagnosis | undefined> =>
  commands.executeCommand<Diagnosis | undefined>("tilewright.diagnoseSeams", uri, ...order);

/** An element of the panel, which is the webview that came last. */
const inPanel = (selector: string) => ({ frame: "webview" as const, selector });

async function evaluate(page: Page, expression: string): Promise<unknown> {
  return page.evaluate(expression, { frame: "webview" });
}

/** What the viewer of a stack shows. */
async function viewOf(uri: Uri) {
  const { views } = await diagnostics();
  return views.find(({ path }) => path === uri.fsPath);
}

/** The first rows of the seam table, as "X 68". */
async function firstRows(page: Page, count: number): Promise<string[]> {
  const rows = `[...document.querySelectorAll("#seams tbody tr")].slice(0, ${count}).map((row) => row.dataset.seam)`;
  return (await evaluate(page, rows)) as string[];
}

/** The seam that has the keyboard. */
const FOCUSED = `document.activeElement.closest("tr")?.dataset.seam ?? document.activeElement.outerHTML.slice(0, 200)`;

describe("diagnosing seams", () => {
  const folder = testFolder("diagnose");
  const out = join(folder, "marked.tif");
  const marked = Uri.file(out);
  let earlier = 0;
  const told = async (): Promise<number> => {
    const { cspViolations, faults } = await diagnostics();
    return cspViolations.length + faults.length;
  };

  before(async function () {
    this.timeout(120_000);
    await commands.executeCommand("notifications.clearAll");
    earlier = await told();
    const input = copySample(folder, "sample.tif");
    const model = sampleModel("care2d");
    const order = { model, out, tiles: { Y: 4, X: 4 }, overlap: 4, engine: "cpu", overwrite: true };
    await commands.executeCommand("tilewright.predictTiled", input, order);
  });
  afterEach(closeAll);

  /** Opens the stack and the panel beside it. */
  async function openPanel(page: Page): Promise<Diagnosis> {
    await openStack(page, marked);
    const diagnosis = await diagnose(marked);
    assert.ok(diagnosis !== undefined);
    await page.waitFor(inPanel("#verdict"));
    return diagnosis;
  }

  it("says the verdict first, how it is known, and what was found with its cure", async function () {
    const page = Page.for(this);
    const diagnosis = await openPanel(page);
    assert.equal(diagnosis.mode, "record+model");
    assert.equal(diagnosis.verdict, "artifacts");
    assert.equal(diagnosis.findings[0].cause, "overlap-too-small");
    assert.equal(await page.text(inPanel("#verdict-name")), "Artifacts");
    assert.equal(await page.text(inPanel("#summary")), diagnosis.summary);
    assert.match(await page.text(inPanel("#mode")), /^Run record and model\. /);
    assert.match(
      await page.text(inPanel("#spoken")),
      /^Diagnosis of marked\.tif: Artifacts\. The tiles left marks/,
    );
    assert.match(await page.text(inPanel("#finding-0 h3")), /The overlap is too small/);
    assert.equal(await page.text(inPanel("#cure-0")), "Predict Again with Overlap 24");
    const figures = (await evaluate(
      page,
      `[...document.querySelectorAll("figure.figure")].map(({ id }) => id)`,
    )) as string[];
    for (const id of ["disagreement", "overlap-error", "excess-y", "excess-x", "slices-z"])
      assert.ok(figures.includes(`figure-${id}`), id);
    const painted = await evaluate(
      page,
      `[...document.querySelectorAll("figure.figure canvas")].every((canvas) =>
        canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height).data.some((value) => value > 0))`,
    );
    assert.equal(painted, true);
    const { diagnoses } = await diagnostics();
    assert.deepEqual(diagnoses, [{ path: out, verdict: "artifacts", mode: "record+model" }]);
  });

  it("sorts its seams by the keyboard, and has the viewer go to the one that is chosen", async function () {
    const page = Page.for(this);
    const diagnosis = await openPanel(page);
    const sort = (): Promise<unknown> =>
      evaluate(page, `document.querySelector("#sort-position").parentElement.getAttribute("aria-sort")`);
    await evaluate(page, `document.querySelector("#sort-position").focus()`);
    await page.press("Enter");
    assert.equal(await sort(), "ascending");
    const positions = diagnosis.seams.map(({ position }) => position).sort((a, b) => a - b);
    const first = await firstRows(page, 3);
    assert.deepEqual(
      first.map((row) => Number(row.split(" ")[1])),
      positions.slice(0, 3),
    );
    await page.press("Enter");
    assert.equal(await sort(), "descending");
    assert.equal(Number((await firstRows(page, 1))[0].split(" ")[1]), positions[positions.length - 1]);
    await evaluate(page, `document.querySelector("#sort-disagreement").focus()`);
    await page.press("Enter");
    const [worst, next] = await firstRows(page, 2);
    await evaluate(page, `document.querySelector("#seams tbody button[tabindex='0']").focus()`);
    await page.press("ArrowDown");
    assert.equal(await evaluate(page, FOCUSED), next, "the arrow goes to the next row");
    await page.press("Home");
    await page.press("Enter");
    const [axis, position] = [worst[0].toLowerCase() as "y" | "x", Number(worst.slice(2))];
    await until(`the viewer is at ${worst}`, async () => {
      const region = (await viewOf(marked))?.view?.region[axis];
      if (region === undefined) return undefined;
      const isInside = region[0] < position && position < region[1];
      return isInside && region[1] - region[0] <= 200 ? true : undefined;
    });
    assert.equal(await evaluate(page, FOCUSED), worst);
  });

  it("goes to a place in a stack that is not open yet", async function () {
    const page = Page.for(this);
    await diagnose(marked);
    await page.waitFor(inPanel("#verdict"));
    await page.click(inPanel("#show-0"));
    await until("the viewer is there", async () => ((await viewOf(marked))?.view != null ? true : undefined));
  });

  it("lays a map of the marks over the stack", async function () {
    const page = Page.for(this);
    await openPanel(page);
    await page.click(inPanel("#heat-map"));
    await until("the map is a layer", async () => {
      const layers = (await viewOf(marked))?.layers ?? [];
      return layers.some(({ path }) => basename(path).startsWith("marks of marked.tif")) ? true : undefined;
    });
  });

  it("copies the command of a cure, and predicts again with it into a new file", async function () {
    this.timeout(120_000);
    const page = Page.for(this);
    const again = join(folder, "marked-2.tif");
    for (const ending of ["", ".run.json"]) rmSync(again + ending, { force: true });
    const diagnosis = await openPanel(page);
    await env.clipboard.writeText("");
    await page.click(inPanel("#copy-0"));
    const copied = await until("it copies", async () => (await env.clipboard.readText()) || undefined);
    assert.equal(copied, diagnosis.findings[0].cure.command);
    await page.click(inPanel("#cure-0"));
    await until("it is predicted", () => (existsSync(`${again}.run.json`) ? true : undefined), 90);
    const record = JSON.parse(readFileSync(`${again}.run.json`, "utf8")) as {
      plan: { exact: boolean };
      seams: { maxRelative: number };
    };
    assert.equal(record.plan.exact, true);
    assert.ok(record.seams.maxRelative < 1e-5);
    await until("the result is shown", async () => (await viewOf(Uri.file(again))) && true, 60);
  });

  it("saves a report where the user says", async function () {
    const page = Page.for(this);
    await openPanel(page);
    const report = join(folder, "marked-seams.html");
    rmSync(report, { force: true });
    await page.click(inPanel("#save-html"));
    await page.waitFor({ selector: ".quick-input-widget .quick-input-box input" });
    await page.press("Enter");
    await until("the report is there", () => (existsSync(report) ? true : undefined));
    const text = readFileSync(report, "utf8");
    assert.match(text, /Artifacts\. The tiles left marks/);
    assert.match(text, /data:image\/png;base64,/);
    await page.waitFor(inPanel("#told:has-text('The report was saved.')"));
  });

  it("by a script opens nothing, writes a report, and gives the JSON of the command line", async () => {
    const report = join(folder, "scripted.md");
    const diagnosis = await diagnose(marked, { model: null, report });
    assert.equal(diagnosis?.mode, "record");
    assert.ok(existsSync(report) && existsSync(join(folder, "scripted_files", "disagreement.svg")));
    assert.deepEqual((await diagnostics()).diagnoses, []);
    assert.equal((await diagnose(marked, { run: null }))?.mode, "blind");
    await assert.rejects(
      async () => diagnose(marked, { model: 5 }),
      (error: Error & { code?: string }) => error.code === "diagnose.order",
    );
    await assert.rejects(
      async () => diagnose(Uri.file(join(folder, "nowhere.tif")), {}),
      (error: Error & { code?: string }) => error.code === "file.missing",
    );
  });

  it("of a stack without a record looks at the pixels, says so, and offers no prediction", async function () {
    const page = Page.for(this);
    const layout = { axes: "ZYX", shape: [4, 96, 128], dtype: "uint16" as const };
    const noise = (i: number): number => 1000 + ((i * 2654435761) % 4096);
    const plain = await writeStack(join(folder, "plain.tif"), layout, noise);
    const diagnosis = await diagnose(plain);
    assert.equal(diagnosis?.mode, "blind");
    await page.waitFor(inPanel("#mode[data-mode=blind]"));
    assert.match(await page.text(inPanel("#more")), /plain\.tif\.run\.json/);
    assert.equal(await evaluate(page, `document.querySelectorAll("[id^=cure-]").length`), 0);
  });

  it("opens by itself after a run whose tiles disagree", async function () {
    this.timeout(120_000);
    const page = Page.for(this);
    const again = Uri.file(join(folder, "marked-2.tif"));
    for (const ending of ["", ".run.json"]) rmSync(again.fsPath + ending, { force: true });
    await commands.executeCommand("tilewright.repeatRun", marked);
    await until(
      "it is diagnosed",
      async () =>
        (await diagnostics()).diagnoses.some(({ path }) => path === again.fsPath) ? true : undefined,
      90,
    );
    await page.waitFor(inPanel("#verdict[data-verdict=artifacts]"));
    const texts = await page.notifications();
    assert.ok(texts.every((text) => !/error/i.test(text)));
  });

  it("violates no content security policy and raises no fault", async () => {
    assert.equal(await told(), earlier);
  });
});
