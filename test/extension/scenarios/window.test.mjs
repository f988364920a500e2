/**
 * What happens to the extension when the window comes and goes. Outside the extension host, because a reload ends it.
 * @module
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, test } from "vitest";
import { openSession } from "../../vscode-host/session.mjs";

const ROOT = resolve(fileURLToPath(import.meta.url), "../../../..");

/** @param {import("../../vscode-host/session.mjs").SessionOptions} [options] */
async function open(options) {
  const workspace = mkdtempSync(join(tmpdir(), "tilewright-scenario-"));
  onTestFinished(() => rmSync(workspace, { recursive: true, force: true }));
  const session = await openSession({ workspace, extension: ROOT, ...options });
  onTestFinished(() => session.close());
  return session;
}

/** @param {import("../../vscode-host/session.mjs").Session} session */
async function paletteRows(session) {
  await session.press("F1");
  await session.type("Tilewright: ");
  const rows = session.page.locator(".quick-input-list .monaco-list-row", { hasText: "Tilewright: " });
  await rows.first().waitFor();
  const labels = await rows.allInnerTexts();
  await session.press("Escape");
  return labels.map((label) => label.replaceAll("\n", "")).sort();
}

test("the palette offers the same commands after the window was reloaded", async () => {
  const session = await open();
  const before = await paletteRows(session);
  await session.reload();
  expect(before.length).toBeGreaterThan(0);
  expect(await paletteRows(session)).toEqual(before);
});
