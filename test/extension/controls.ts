/**
 * Hands for the pages of the viewer's side panel: fields, lists, sliders, and places of the picture for the mouse.
 * @module
 */
import { env } from "vscode";
import { fitView, placementOf, toScreen } from "../../webview/draw/geometry";
import { HEIGHT, WIDTH, inViewer, paneSize } from "./drawn";
import type { Page, Target } from "./page";
import { until } from "./support";

/** An element of the viewer. */
export const part = (selector: string): Target => ({ frame: "webview", selector });

/** Clicks on an element of the viewer. */
export const clickOn = (page: Page, selector: string): Promise<void> => page.click(part(selector));

/** Opens a page of the side panel. */
export async function openTab(page: Page, tab: "channels" | "measure" | "layers"): Promise<void> {
  if ((await inViewer(page, "document.querySelector('#side').hidden")) === true)
    await clickOn(page, "#toggle-side");
  await clickOn(page, `#tab-${tab}`);
  await page.waitFor(part(`#${tab}`));
}

/** Types a value into a field in place of what it holds. */
export async function typeInto(page: Page, selector: string, text: string): Promise<void> {
  await clickOn(page, selector);
  await page.press("Home");
  await page.press("Shift+End");
  await page.type(text);
  await page.press("Enter");
}

/** Chooses an entry of a drop-down list with the mouse. */
export async function choose(page: Page, selector: string, label: string): Promise<void> {
  await clickOn(page, selector);
  await clickOn(page, `${selector} vscode-option:text-is("${label}")`);
}

/** Gives the keyboard to an element, and presses keys. */
export async function pressIn(page: Page, selector: string, ...keys: readonly string[]): Promise<void> {
  await inViewer(page, `document.querySelector("${selector}").focus()`);
  for (const key of keys) await page.press(key);
}

/** An attribute of an element of the viewer. */
export const attribute = async (page: Page, selector: string, name: string): Promise<string> =>
  String(await inViewer(page, `document.querySelector("${selector}").getAttribute("${name}")`));

/** What stands in a field. */
export const fieldValue = async (page: Page, selector: string): Promise<number> =>
  Number(await inViewer(page, `document.querySelector("${selector}").value`));

/** Where a place of the picture lies on the screen in the fitting view, CSS px. */
export async function placeOnScreen(
  page: Page,
  [x, y]: readonly [x: number, y: number],
  image = { width: WIDTH, height: HEIGHT },
): Promise<[number, number]> {
  const size = await paneSize(page, "#pane-xy");
  const at = toScreen(placementOf(fitView(image, size)), size, { x, y });
  return [at.x, at.y];
}

/** Drags the mouse over the picture, from one of its places to another. */
export async function dragOver(
  page: Page,
  from: readonly [x: number, y: number],
  to: readonly [x: number, y: number],
): Promise<void> {
  await page.drag(part("#picture"), await placeOnScreen(page, from), await placeOnScreen(page, to));
}

/** What is drawn over the picture at places of the screen: 0 where nothing is. */
export async function overlayAt(
  page: Page,
  places: readonly (readonly [x: number, y: number])[],
): Promise<number[]> {
  return (await inViewer(
    page,
    `(() => {
      const canvas = document.querySelector("#pane-xy .overlay");
      const ratio = canvas.width / canvas.getBoundingClientRect().width;
      const { width, data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
      return ${JSON.stringify(places)}.map(([x, y]) =>
        data[4 * (Math.floor(y * ratio) * width + Math.floor(x * ratio)) + 3]);
    })()`,
  )) as number[];
}

/** Waits until something is drawn over all of the places, or nothing over any. */
export async function untilOverlay(
  page: Page,
  isThere: boolean,
  places: readonly (readonly [x: number, y: number])[],
): Promise<void> {
  await until(`${isThere ? "something" : "nothing"} lies over ${JSON.stringify(places)}`, async () =>
    (await overlayAt(page, places)).every((alpha) => alpha > 0 === isThere) ? true : undefined,
  );
}

/** What a press of a button puts on the clipboard. */
export async function copied(page: Page, selector: string): Promise<string> {
  await env.clipboard.writeText("");
  await clickOn(page, selector);
  return until(`${selector} copies`, async () => (await env.clipboard.readText()) || undefined);
}

/** A copied table: its head and its rows. */
export function tableOf(text: string): { readonly head: string[]; readonly rows: string[][] } {
  const [head, ...rows] = text
    .trimEnd()
    .split("\n")
    .map((line) => line.split("\t"));
  return { head, rows };
}
