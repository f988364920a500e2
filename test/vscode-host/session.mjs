/**
 * Opens a real VS Code (server and headless Chromium) with an extension, and closes it without leaving anything.
 * The one way in which tests start VS Code without a desktop.
 * @module
 */
import { resolve } from "node:path";
import { fileURLToPath, URLSearchParams } from "node:url";
import { chromium } from "playwright-core";
import { ensureHost } from "./install.mjs";
import { startServer } from "./server.mjs";
import { Workbench } from "./workbench.mjs";

/** Where screenshots and results of test runs go; ignored by git. */
export const TEST_OUTPUT = resolve(fileURLToPath(import.meta.url), "../../../test-output");

const CHROMIUM_FLAGS = [
  ...["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"],
  ...["--disable-component-update", "--disable-sync"],
];

/**
 * @typedef {object} SessionOptions
 * @property {string} [workspace] folder to open; use a copy, because settings are written into it
 * @property {string | string[]} [extension] folder of the extension under development
 * @property {string} [vsix] extension package to install instead
 * @property {string} [tests] module whose `run()` the extension host calls
 * @property {Record<string, unknown>} [settings] user settings
 * @property {boolean} [trust] true leaves workspace trust on: the folder opens in Restricted Mode
 * @property {Record<string, string | undefined>} [env] environment of the extension host
 * @property {{width: number, height: number}} [viewport] default 1280 × 800
 * @property {string} [dataFolder] user data folder to keep
 * @property {string} [extensionsFolder] extensions folder to keep
 * @property {string[]} [chromiumFlags] instead of the default "--disable-gpu" and friends
 * @property {(page: import("playwright-core").Page) => Promise<void>} [prepare] called before the page loads
 * @property {(workbench: Workbench) => void} [opened] called when the page exists, before it loads
 */

/** A VS Code window together with the server behind it. */
export class Session extends Workbench {
  #browser;

  /**
   * @param {import("playwright-core").Page} page
   * @param {import("./server.mjs").Server} server
   * @param {string} shots
   */
  constructor(page, server, shots) {
    super(page, shots);
    this.#browser = page.context().browser();
    /** The server; its `log()` holds what it printed. */
    this.server = server;
  }

  /** Closes browser and server and removes their folders. */
  async close() {
    await this.#browser?.close().catch(() => undefined);
    await this.server.close();
  }
}

/**
 * Opens VS Code and waits until the extension is loaded (with `tests`: until the page has loaded).
 * @param {SessionOptions} options
 * @returns {Promise<Session>} close it in a `finally`
 * @throws {Error} when the server or the page does not come up; nothing is left running then
 */
export async function openSession(options) {
  const host = ensureHost();
  const server = await startServer(host, options);
  /** @type {import("playwright-core").Browser | undefined} */
  let browser;
  try {
    const args = options.chromiumFlags ?? CHROMIUM_FLAGS;
    browser = await chromium.launch({ executablePath: host.chromium ?? undefined, headless: true, args });
    const page = await browser.newPage({ viewport: options.viewport ?? { width: 1280, height: 800 } });
    const session = new Session(page, server, TEST_OUTPUT);
    options.opened?.(session);
    await options.prepare?.(page);
    await page.goto(address(server, options));
    if (!options.tests) await session.ready();
    return session;
  } catch (error) {
    await browser?.close().catch(() => undefined);
    await server.close();
    throw error;
  }
}

/**
 * @param {import("./server.mjs").Server} server
 * @param {SessionOptions} options
 */
function address(server, { workspace, extension = [], tests }) {
  const payload = [
    ...[extension].flat().map((folder) => ["extensionDevelopmentPath", remote(folder)]),
    ...(tests ? [["extensionTestsPath", remote(tests)]] : []),
    ["skipWelcome", "true"],
  ];
  const query = new URLSearchParams({ tkn: server.token, payload: JSON.stringify(payload) });
  query.set(
    ...(workspace
      ? /** @type {const} */ (["folder", resolve(workspace)])
      : /** @type {const} */ (["ew", "true"])),
  );
  return `${server.origin}/?${query.toString()}`;
}

/** @param {string} path */
function remote(path) {
  return `vscode-remote://remote${encodeURI(resolve(path))}`;
}
