/**
 * The panel of a diagnosis, for a picture of docs/diagnose.md: a prediction with an overlap that is too small.
 * @module
 */

/** @typedef {import("../../test/vscode-host/session.mjs").Session} Session */
/** @typedef {(name: string) => Promise<void>} Shot */

/** Settings under which predictions leave marks. */
export const MARKING = {
  "tilewright.tiling.tiles": { Y: 4, X: 4 },
  "tilewright.tiling.overlap": 4,
};

/**
 * @param {Session} session
 * @param {Shot} shot
 */
export async function takeDiagnosis(session, shot) {
  const { page } = session;
  await session.openFile("stack.tif");
  await session.wait({ frame: "webview", selector: "body[data-state=ready]" });
  await session.palette("View: Toggle Primary Side Bar Visibility");
  await session.palette("Tilewright: Predict Tiled…");
  await session.pick("care2d");
  await page
    .locator(".quick-input-list .monaco-list-row", { hasText: "Change tiles…" })
    .waitFor({ timeout: 60_000 });
  await session.press("Enter");
  await page.locator(".tabs-container .tab", { hasText: "Seams of" }).waitFor({ timeout: 120_000 });
  await session.wait({ frame: "webview", selector: "#verdict" });
  const panel = session.webview();
  await panel.locator("#verdict-name").click();
  const toast = page.locator(".notification-toast");
  while ((await toast.count()) > 0) {
    await toast.first().hover();
    await toast.first().locator(".codicon-notifications-clear").click();
    await page.waitForTimeout(300);
  }
  await shot("diagnosis");
  await panel.locator("#heat-map").click();
  await page.waitForTimeout(3000);
  await panel.locator("#figure-disagreement").scrollIntoViewIfNeeded();
  await shot("diagnosis-plots");
  await panel.locator("#seams tbody tr").first().click();
  await page.waitForTimeout(1500);
  await shot("diagnosis-seams");
}
