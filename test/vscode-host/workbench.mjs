/**
 * Keyboard, mouse and eyes in a VS Code window that runs in a browser page. Used directly by scenario tests and,
 * through the page driver, by tests inside the extension host.
 * @module
 */
/* global atob, createImageBitmap, Blob, OffscreenCanvas -- in functions that run in the page */
import { join } from "node:path";
import { mkdirSync } from "node:fs";

const READY_MS = 90_000;
const WAIT_MS = 30_000;
/** Moves of the mouse from one place of a drag to the next. */
const DRAG_STEPS = 4;
/** How often the palette is opened for one command. */
const PALETTE_TRIES = 3;
const READY_MARKS = ["code/didLoadExtensions", "code/LifecyclePhase/Eventually"];
const QUICK_INPUT = ".quick-input-widget input[type=text], .quick-input-widget .monaco-inputbox input";

/**
 * What to look at.
 * @typedef {object} Target
 * @property {string} [selector] a Playwright selector; the first element that matches is meant
 * @property {"page" | "webview"} [frame] the workbench itself (default) or the content of a webview
 * @property {number} [index] which of the visible webviews, 0 being the oldest; default: the last one
 * @property {number} [timeout] ms to wait, default 30 000
 */

/** A VS Code window. Every method waits until it can be done and throws Playwright's error when it cannot. */
export class Workbench {
  #shots;

  /**
   * @param {import("playwright-core").Page} page the page that shows the window
   * @param {string} shots folder that screenshots go to
   */
  constructor(page, shots) {
    /** The Playwright page, for whatever is not offered here. */
    this.page = page;
    this.#shots = shots;
    /** Everything the page and its webviews wrote to the console: type, text and the address of the source. */
    this.console = [];
    page.on("console", (message) => {
      this.console.push({ type: message.type(), text: message.text(), url: message.location().url });
    });
    page.on("pageerror", (error) =>
      this.console.push({ type: "pageerror", text: String(error), url: page.url() }),
    );
    page.on("dialog", (dialog) => void dialog.accept().catch(() => undefined));
  }

  /** Waits until extensions are loaded; opening a file earlier can bring up the text editor instead of theirs. */
  async ready() {
    await this.page.waitForSelector(".monaco-workbench", { timeout: READY_MS });
    for (const mark of READY_MARKS) {
      await this.page.waitForFunction((name) => performance.getEntriesByName(name).length > 0, mark, {
        timeout: READY_MS,
      });
    }
  }

  /**
   * Reloads the window with VS Code's own command and waits until it is ready again. (`page.reload()` is the
   * unfriendly way: the window may forget the editors that were opened in the last seconds.)
   */
  async reload() {
    const loaded = this.page.waitForEvent("load", { timeout: READY_MS });
    loaded.catch(() => undefined);
    await this.palette("Developer: Reload Window");
    await loaded;
    await this.ready();
  }

  /**
   * @param {number} [index] which of the visible webviews; default: the last one
   * @returns {import("playwright-core").FrameLocator} the document that an extension put into the webview
   */
  webview(index = -1) {
    return this.#outer(index).contentFrame().frameLocator("iframe#active-frame");
  }

  /** @param {number} index */
  #outer(index) {
    return this.page.locator("iframe.webview.ready").filter({ visible: true }).nth(index);
  }

  /**
   * @param {Target} target
   * @returns {import("playwright-core").Locator}
   */
  find({ selector = "body", frame = "page", index }) {
    return (frame === "webview" ? this.webview(index) : this.page).locator(selector).first();
  }

  /** @param {string} keys such as "F1", "Control+Shift+P" or "ArrowRight" */
  async press(keys) {
    await this.page.keyboard.press(keys);
  }

  /** @param {string} text typed key by key where the focus is */
  async type(text) {
    await this.page.keyboard.type(text);
  }

  /** @param {Target & {button?: "left" | "right", double?: boolean}} target */
  async click(target) {
    const options = { button: target.button ?? "left", timeout: target.timeout ?? WAIT_MS };
    const locator = this.find(target);
    await (target.double ? locator.dblclick(options) : locator.click(options));
  }

  /**
   * Presses the left button of the mouse at one place, moves to others and lets go at the last; with one place it is a
   * click, with `hover` the mouse only goes there.
   * @param {Target & {places: [x: number, y: number][], hover?: boolean}} target places: CSS px from the element's top
   *   left corner
   */
  async drag(target) {
    const locator = this.find(target);
    await locator.scrollIntoViewIfNeeded({ timeout: target.timeout ?? WAIT_MS });
    const box = await locator.boundingBox({ timeout: target.timeout ?? WAIT_MS });
    if (!box) throw new Error(`${target.selector ?? "body"} is not on the screen`);
    const { mouse } = this.page;
    for (const [index, [x, y]] of target.places.entries()) {
      await mouse.move(box.x + x, box.y + y, { steps: DRAG_STEPS });
      if (index === 0 && !target.hover) await mouse.down();
    }
    if (!target.hover) await mouse.up();
  }

  /** @param {Target} target waits until an element that can be seen matches */
  async wait(target) {
    await this.find(target).waitFor({ timeout: target.timeout ?? WAIT_MS });
  }

  /**
   * @param {Target} target
   * @returns {Promise<string>} the text as the user sees it
   */
  async text(target) {
    return this.find(target).innerText({ timeout: target.timeout ?? WAIT_MS });
  }

  /**
   * @param {Target & {expression: string}} target expression: JavaScript, may give a promise
   * @returns {Promise<unknown>} its value, as JSON can carry it
   */
  async evaluate({ expression, frame = "page", index = -1 }) {
    if (frame === "page") return this.page.evaluate(expression);
    return (await this.#webviewFrame(index)).evaluate(expression);
  }

  /** @param {number} index */
  async #webviewFrame(index) {
    const outer = await (await this.#outer(index).elementHandle({ timeout: WAIT_MS }))?.contentFrame();
    const element = await outer?.waitForSelector("iframe#active-frame", {
      state: "attached",
      timeout: WAIT_MS,
    });
    const inner = await element?.contentFrame();
    if (!inner) throw new Error("The webview closed while it was looked at.");
    return inner;
  }

  /**
   * Reads what is really on the screen, whichever way it was drawn.
   * @param {Target & {x: number, y: number}} target x, y: CSS px from the element's top left corner
   * @returns {Promise<[number, number, number, number]>} red, green, blue, alpha, 0 to 255
   */
  async pixel(target) {
    const png = await this.find(target).screenshot({
      timeout: target.timeout ?? WAIT_MS,
      animations: "allow",
    });
    return this.page.evaluate(
      async ({ base64, x, y }) => {
        const bytes = Uint8Array.from(atob(base64), (letter) => letter.charCodeAt(0));
        const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
        const context = new OffscreenCanvas(bitmap.width, bitmap.height).getContext("2d");
        if (!context) throw new Error("no 2-D canvas");
        context.drawImage(bitmap, 0, 0);
        const [red = 0, green = 0, blue = 0, alpha = 0] = context.getImageData(x, y, 1, 1).data;
        return /** @type {[number, number, number, number]} */ ([red, green, blue, alpha]);
      },
      { base64: png.toString("base64"), x: target.x, y: target.y },
    );
  }

  /**
   * Runs a command the way a person does: palette, its title, Enter.
   * @param {string} title as the palette shows it, such as "Tilewright: Predict Tiled…"
   */
  async palette(title) {
    // Something that takes the focus meanwhile (an editor that opens, a trust change) closes the palette again.
    for (let left = PALETTE_TRIES; !(await this.#typeIntoPalette(title)); left--) {
      if (left === 1)
        throw new Error(`the palette closed ${PALETTE_TRIES} times before "${title}" was typed`);
    }
    await this.#enter(title);
  }

  /**
   * @param {string} title
   * @returns {Promise<boolean>} false when the palette closed before the title was typed
   */
  async #typeIntoPalette(title) {
    const input = this.page.locator(QUICK_INPUT).first();
    await this.press("F1");
    if (!(await appears(input, 2000))) {
      // A webview that is still loading does not pass keys on.
      await this.page.locator(".tabs-container .tab.active").first().click();
      await this.press("F1");
    }
    await input.waitFor({ timeout: WAIT_MS });
    return input.fill(`>${title}`, { timeout: 5000 }).then(
      () => true,
      () => false,
    );
  }

  /**
   * Chooses an entry of the list that is open at the top of the window.
   * @param {string} label text that the entry contains
   */
  async pick(label) {
    await this.page.locator(QUICK_INPUT).first().fill(label, { timeout: WAIT_MS });
    await this.#enter(label);
  }

  /** @param {string} label */
  async #enter(label) {
    const row = this.page.locator(".quick-input-list .monaco-list-row.focused", { hasText: label });
    await row.first().waitFor({ timeout: WAIT_MS });
    await this.press("Enter");
  }

  /**
   * Answers the input box at the top of the window.
   * @param {string} value what to enter
   */
  async answer(value) {
    await this.page.locator(QUICK_INPUT).first().fill(value, { timeout: WAIT_MS });
    await this.press("Enter");
  }

  /**
   * Opens a file of the explorer with a double click.
   * @param {string} name file name at the top level of the folder
   */
  async openFile(name) {
    const row = this.page.locator(".explorer-folders-view .monaco-list-row", { hasText: name });
    await row.first().dblclick({ timeout: WAIT_MS });
  }

  /**
   * Notifications are suppressed as toasts under the test driver, so the notification centre is read.
   * @returns {Promise<string[]>} the messages that are open, newest first
   */
  async notifications() {
    const centre = this.page.locator(".notifications-center.visible");
    if (!(await centre.isVisible())) await this.page.locator('[id="status.notifications"]').click();
    await centre.waitFor({ timeout: WAIT_MS });
    const messages = await centre.locator(".notification-list-item-message").allInnerTexts();
    await this.press("Escape");
    return messages;
  }

  /** @returns {string[]} every violation of a content security policy in a webview so far */
  cspViolations() {
    const text = /Content Security Policy/;
    return this.console.filter((line) => text.test(line.text)).map((line) => `${line.text} (${line.url})`);
  }

  /**
   * @param {string} name file name without extension
   * @returns {Promise<string>} path of the PNG
   */
  async screenshot(name) {
    mkdirSync(this.#shots, { recursive: true });
    const path = join(this.#shots, `${name.replace(/[^\w-]+/g, "-")}.png`);
    await this.page.screenshot({ path });
    return path;
  }
}

/**
 * @param {import("playwright-core").Locator} locator
 * @param {number} timeout ms
 */
function appears(locator, timeout) {
  return locator.waitFor({ timeout }).then(
    () => true,
    () => false,
  );
}
