/**
 * What becomes of the panel of a diagnosis when its window is reloaded.
 * @module
 */
import { copyFileSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { openSession } from "../../vscode-host/session.mjs";

const ROOT = resolve(fileURLToPath(import.meta.url), "../../../..");

/**
 * The verdict, in whichever of the two webviews it is: after a reload they come in any order.
 * @param {import("../../vscode-host/session.mjs").Session} session
 */
async function verdict(session) {
  const both = [0, 1].map((index) => session.webview(index).locator("#verdict"));
  return Promise.any(both.map((one) => one.innerText({ timeout: 30_000 })));
}

test("a reload brings the panel of a diagnosis back as it was", async () => {
  const workspace = mkdtempSync(join(tmpdir(), "tilewright-diagnosis-"));
  onTestFinished(() => rmSync(workspace, { recursive: true, force: true }));
  copyFileSync(join(ROOT, "media", "sample", "stack.tif"), join(workspace, "stack.tif"));
  const session = await openSession({ workspace, extension: ROOT });
  onTestFinished(() => session.close());
  await session.openFile("stack.tif");
  await session.wait({ frame: "webview", selector: "body[data-state=ready]" });
  await session.palette("Tilewright: Diagnose Seams…");
  const before = await verdict(session);
  expect(before).toContain("Blind");
  await session.reload();
  expect(await verdict(session)).toBe(before);
  expect(session.cspViolations()).toEqual([]);
});
