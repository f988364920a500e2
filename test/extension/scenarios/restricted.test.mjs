/**
 * A folder that the user does not trust: pictures can be looked at, nothing runs.
 * @module
 */
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
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
const SAMPLE = join(ROOT, "media", "sample");

/** Newer versions show the trust editor over the others instead of in a tab. */
const TABS = { "workbench.editor.useModal": "off" };

async function openRestricted() {
  const workspace = mkdtempSync(join(tmpdir(), "tilewright-restricted-"));
  onTestFinished(() => rmSync(workspace, { recursive: true, force: true }));
  copyFileSync(join(SAMPLE, "stack.tif"), join(workspace, "stack.tif"));
  mkdirSync(join(workspace, ".vscode"));
  const settings = {
    "tilewright.output.folder": join(workspace, "elsewhere"),
    "tilewright.viewer.contrast": "minmax",
  };
  writeFileSync(join(workspace, ".vscode", "settings.json"), JSON.stringify(settings));
  const session = await openSession({ workspace, extension: ROOT, trust: true, settings: TABS });
  onTestFinished(() => session.close());
  return { session, workspace };
}

test("in Restricted Mode a stack can be looked at, and predicting offers to trust instead", async () => {
  const { session, workspace } = await openRestricted();
  await session.page.locator(".statusbar-item", { hasText: "Restricted Mode" }).waitFor();
  await session.openFile("stack.tif");
  await session.wait({ frame: "webview", selector: "body[data-state=ready]" });
  expect(await session.webview().locator("#picture").getAttribute("data-plane")).toBe("0,11,0");
  const before = readdirSync(workspace).sort();
  await session.palette("Tilewright: Predict Tiled…");
  await session.page.waitForTimeout(1000);
  expect(await session.notifications()).toContainEqual(
    expect.stringMatching(/needs a trusted folder.*Restricted Mode/),
  );
  expect(await session.page.locator(".quick-input-widget").isVisible()).toBe(false);
  expect(readdirSync(workspace).sort()).toEqual(before);
});

test("once the folder is trusted it predicts without a reload", async () => {
  const { session, workspace } = await openRestricted();
  await session.openFile("stack.tif");
  await session.wait({ frame: "webview", selector: "body[data-state=ready]" });
  await session.palette("Workspaces: Manage Workspace Trust");
  await session.page
    .locator(".workspace-trust-editor .monaco-button", { hasText: /^Trust$/ })
    .first()
    .click();
  await session.page
    .locator(".statusbar-item", { hasText: "Restricted Mode" })
    .waitFor({ state: "detached" });
  mkdirSync(join(workspace, "elsewhere"));
  await session.page.locator(".tabs-container .tab", { hasText: "stack.tif" }).click();
  await session.palette("Tilewright: Predict Tiled…");
  await session.pick("care2d");
  await session.page
    .locator(".quick-input-list .monaco-list-row.focused", { hasText: "Predict" })
    .click({ timeout: 60_000 });
  const out = join(workspace, "elsewhere", "stack_care2d.tif");
  await expect.poll(() => existsSync(out), { timeout: 90_000 }).toBe(true);
});
