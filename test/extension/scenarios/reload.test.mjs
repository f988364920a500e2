/**
 * What a prediction leaves behind when its window is reloaded.
 * @module
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { openSession } from "../../vscode-host/session.mjs";

const ROOT = resolve(fileURLToPath(import.meta.url), "../../../..");
const SETTINGS = {
  "tilewright.tiling.tiles": { Y: 4, X: 4 },
  "tilewright.engine.preferred": "cpu",
  "tilewright.engine.threads": 1,
};

/** Processes that run the prediction worker of this checkout. */
function workers() {
  const script = join(ROOT, "dist", "worker.cjs");
  return readdirSync("/proc").filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").includes(script);
    } catch {
      return false; // gone meanwhile
    }
  });
}

/** @param {string} out */
function tilesDone(out) {
  const journal = `${out}.partial.journal`;
  return existsSync(journal) ? [...readFileSync(journal, "utf8").matchAll(/^\{"tile":/gm)].length : 0;
}

/** @param {import("../../vscode-host/session.mjs").Session} session */
async function startPrediction(session) {
  await session.openFile("stack.tif");
  await session.wait({ frame: "webview", selector: "body[data-state=ready]" });
  await session.palette("Tilewright: Predict Tiled…");
  await session.pick("care3d");
  await session.page
    .locator(".quick-input-list .monaco-list-row.focused", { hasText: "Predict" })
    .click({ timeout: 60_000 });
}

test("a reload during a prediction ends its process and keeps what is done; predicting again resumes", async () => {
  const workspace = mkdtempSync(join(tmpdir(), "tilewright-reload-"));
  onTestFinished(() => rmSync(workspace, { recursive: true, force: true }));
  copyFileSync(join(ROOT, "media", "sample", "stack.tif"), join(workspace, "stack.tif"));
  const out = join(workspace, "stack_care3d.tif");
  const others = workers();
  const mine = () => workers().filter((pid) => !others.includes(pid));
  // In a remote window, settings about the machine count only when they are the workspace's.
  mkdirSync(join(workspace, ".vscode"));
  writeFileSync(join(workspace, ".vscode", "settings.json"), JSON.stringify(SETTINGS));
  const session = await openSession({ workspace, extension: ROOT, graceSeconds: 1 });
  onTestFinished(() => session.close());
  await startPrediction(session);
  await expect.poll(() => tilesDone(out), { timeout: 60_000, interval: 50 }).toBeGreaterThan(1);
  await session.reload();
  await expect.poll(mine, { timeout: 30_000 }).toEqual([]);
  const done = tilesDone(out);
  expect(done).toBeGreaterThan(1);
  expect(done).toBeLessThan(16);
  expect(existsSync(out)).toBe(false);
  expect(existsSync(`${out}.partial`)).toBe(true);
  await startPrediction(session);
  await session.page
    .locator(".quick-input-widget", { hasText: "A partial result of stack_care3d.tif exists" })
    .waitFor();
  await session.pick("Resume");
  await expect.poll(() => existsSync(out), { timeout: 120_000 }).toBe(true);
  await expect.poll(() => existsSync(`${out}.partial`), { timeout: 10_000 }).toBe(false);
});

test("the viewer shows the same plane at the same zoom after a reload", async () => {
  const workspace = mkdtempSync(join(tmpdir(), "tilewright-reload-"));
  onTestFinished(() => rmSync(workspace, { recursive: true, force: true }));
  copyFileSync(join(ROOT, "media", "sample", "stack.tif"), join(workspace, "stack.tif"));
  const session = await openSession({ workspace, extension: ROOT });
  onTestFinished(() => session.close());
  await session.openFile("stack.tif");
  await session.wait({ frame: "webview", selector: "body[data-state=ready]" });
  await session.webview().locator("#picture").focus();
  for (const key of ["End", "1"]) await session.press(key);
  await session.wait({ frame: "webview", selector: '#picture[data-plane="0,23,0"]' });
  await session.page.waitForTimeout(1500); // VS Code writes its state a moment later
  await session.reload();
  await session.wait({ frame: "webview", selector: '#picture[data-plane="0,23,0"]' });
  expect(await session.webview().locator("#zoom").innerText()).toBe("100 %");
});

test("a comparison, how it is shown, and the view are there again after a reload", async () => {
  const workspace = mkdtempSync(join(tmpdir(), "tilewright-reload-"));
  onTestFinished(() => rmSync(workspace, { recursive: true, force: true }));
  for (const name of ["first.tif", "second.tif"])
    copyFileSync(join(ROOT, "media", "sample", "stack.tif"), join(workspace, name));
  const session = await openSession({ workspace, extension: ROOT });
  onTestFinished(() => session.close());
  for (const name of ["second.tif", "first.tif"]) {
    await session.openFile(name);
    await session.wait({ selector: `.tab.active:has-text("${name}")` });
    await session.wait({ frame: "webview", selector: "body[data-state=ready]" });
  }
  await session.palette("Tilewright: Compare with…");
  await session.pick("second.tif");
  const compared = (/** @type {number} */ z) => `#picture[data-pictures="own 0,0,0,${z}; other 1,0,0,${z}"]`;
  await session.wait({ frame: "webview", selector: compared(11) });
  const viewer = () => session.webview();
  await viewer().locator("#toggle-side").click();
  await viewer().locator("#tab-layers").click();
  await viewer().locator("#compare-mode-difference").click();
  await viewer().locator("#compare-limit").fill("40");
  await viewer().locator("#compare-limit").press("Enter");
  await viewer().locator("#picture").focus();
  for (const key of ["End", "1"]) await session.press(key);
  await session.wait({ frame: "webview", selector: compared(23) });
  await session.page.waitForTimeout(1500); // VS Code writes its state a moment later
  await session.reload();
  await session.wait({ frame: "webview", selector: compared(23) });
  await session.wait({ frame: "webview", selector: "#compare-mode-difference[aria-checked=true]" });
  expect(await viewer().locator("#compare-limit").inputValue()).toBe("40");
  expect(await viewer().locator("#layer-1").innerText()).toContain("second.tif");
  expect(await viewer().locator("#zoom").innerText()).toBe("100 %");
});
