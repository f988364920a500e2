/**
 * A tour through the modes of the viewer, for pictures of docs/viewer.md.
 * @module
 */
import { copyFileSync } from "node:fs";
import { join } from "node:path";
import { labelsOf, readPlanes, writeHyperstack } from "./stacks.mjs";

/** Pixels of the truth above this are cells. */
const CELLS = 190;

/**
 * Makes the stacks of the tour.
 * @param {string} sample folder of the sample
 * @param {string} workspace
 */
export async function makeStacks(sample, workspace) {
  const stack = await readPlanes(join(sample, "stack.tif"));
  const truth = await readPlanes(join(sample, "truth.tif"));
  copyFileSync(join(sample, "truth.tif"), join(workspace, "truth.tif"));
  const planes = stack.planes.flatMap((plane, z) => [plane, truth.planes[z]]);
  const facts = ["channels=2", `slices=${stack.planes.length}`, "hyperstack=true", "mode=composite"];
  writeHyperstack(join(workspace, "two-channels.tif"), { ...stack, planes }, facts);
  const labels = labelsOf(truth, CELLS);
  writeHyperstack(join(workspace, "labels.tif"), labels, [`slices=${labels.planes.length}`]);
}

/** @typedef {import("../../test/vscode-host/session.mjs").Session} Session */
/** @typedef {(name: string) => Promise<void>} Shot */

/**
 * @param {Session} session
 * @param {Shot} shot
 */
export async function takeViewer(session, shot) {
  await takeChannels(session, shot);
  await takeMeasurements(session, shot);
  await takeComparison(session, shot);
  await takeTiles(session, shot);
}

/**
 * @param {Session} session
 * @param {string} name
 */
async function open(session, name) {
  await session.openFile(name);
  await session.wait({ frame: "webview", selector: "body[data-state=ready]" });
  await session.webview().locator("#picture").focus();
}

/**
 * @param {Session} session
 * @param {...string} keys
 */
async function press(session, ...keys) {
  await session.webview().locator("#picture").focus();
  for (const key of keys) {
    await session.press(key);
    await session.page.waitForTimeout(150);
  }
}

/**
 * Drags in the picture.
 * @param {Session} session
 * @param {readonly [fromX: number, fromY: number, toX: number, toY: number]} way parts of its width and height
 */
async function drag(session, [fromX, fromY, toX, toY]) {
  const box = await session.webview().locator("#picture").boundingBox();
  if (box === null) throw new Error("there is no picture");
  const move = (/** @type {number} */ x, /** @type {number} */ y) =>
    session.page.mouse.move(box.x + x * box.width, box.y + y * box.height);
  await move(fromX, fromY);
  await session.page.mouse.down();
  await move((fromX + toX) / 2, (fromY + toY) / 2);
  await move(toX, toY);
  await session.page.mouse.up();
}

/**
 * @param {Session} session
 * @param {Shot} shot
 */
async function takeChannels(session, shot) {
  await open(session, "two-channels.tif");
  await press(session, "m", "m");
  await session.webview().locator("#orthogonal").click();
  await shot("orthogonal");
  await session.webview().locator("#orthogonal").click();
  await session.webview().locator("#toggle-side").click();
  await shot("channels");
  await press(session, "p");
  await session.webview().locator("#tab-info").click();
  await shot("projection");
  await press(session, "p", "p", "p", "h");
  await shot("help");
  await session.press("Escape");
}

/**
 * @param {Session} session
 * @param {Shot} shot
 */
async function takeMeasurements(session, shot) {
  await session.webview().locator("#tab-measure").click();
  await press(session, "l");
  await drag(session, [0.3, 0.3, 0.7, 0.6]);
  await shot("profile");
  await press(session, "b");
  await drag(session, [0.4, 0.3, 0.6, 0.5]);
  await shot("rectangle");
  await session.palette("View: Close All Editors");
  await open(session, "labels.tif");
  await press(session, "m");
  await shot("labels");
  await session.palette("View: Close All Editors");
}

/**
 * @param {Session} session
 * @param {Shot} shot
 */
async function takeComparison(session, shot) {
  await open(session, "stack.tif");
  await session.palette("Tilewright: Compare with…");
  await session.pick("truth.tif");
  await session.wait({ frame: "webview", selector: "#picture[data-pictures*=other]" });
  await shot("swipe");
  await press(session, "x", "x", "x");
  await session.webview().locator("#toggle-side").click();
  await session.webview().locator("#tab-layers").click();
  await shot("difference");
  await session.webview().locator("#toggle-side").click();
  await session.palette("View: Close All Editors");
}

/**
 * @param {Session} session
 * @param {Shot} shot
 */
async function takeTiles(session, shot) {
  await open(session, "truth.tif");
  await session.palette("Tilewright: Explain Tiling…");
  await session.pick("care3d");
  await session.page.locator(".tabs-container .tab", { hasText: "tiling.txt" }).waitFor({ timeout: 60_000 });
  await session.page.locator(".tabs-container .tab.active").click({ button: "middle" });
  await session.wait({ frame: "webview", selector: "body[data-state=ready]" });
  await press(session, "g");
  await drag(session, [0.5, 0.5, 0.51, 0.5]);
  await shot("tiles");
  await press(session, "g", ...Array.from({ length: 11 }, () => "+"));
  await shot("values");
}
