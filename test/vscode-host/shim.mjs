#!/usr/bin/env node
/**
 * Stands in for the VS Code program where there is no desktop: takes the flags that `@vscode/test-electron` passes,
 * runs them in a session, and exits with the result of the tests in the extension host: 0 passed, 1 failed,
 * 124 timed out, 125 VS Code did not start or stopped by itself.
 *
 * Environment: TILEWRIGHT_TRUST=1 leaves workspace trust on; TILEWRIGHT_VSIX installs a package first;
 * TILEWRIGHT_HOST_TIMEOUT_MS limits the run (default 1 500 000); TILEWRIGHT_VERBOSE=1 shows the log of VS Code.
 * @module
 */
import { appendFileSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { format } from "node:util";
import { startPageDriver } from "./page-driver.mjs";
import { openSession, TEST_OUTPUT } from "./session.mjs";

const TIMED_OUT = 124;
const BROKEN = 125;
const LOG = join(TEST_OUTPUT, "vscode-host.log");

/**
 * @param {string[]} argv flags as `--name=value`; anything else is the folder to open
 * @returns {{folder: string | undefined, flags: Map<string, string[]>}}
 */
function parse(argv) {
  /** @type {Map<string, string[]>} */
  const flags = new Map();
  const folder = argv.find((argument) => !argument.startsWith("--"));
  for (const argument of argv) {
    const [, name, value = ""] = /^--([^=]+)(?:=(.*))?$/s.exec(argument) ?? [];
    if (name) flags.set(name, [...(flags.get(name) ?? []), value]);
  }
  return { folder, flags };
}

/**
 * VS Code's own log drowns the tests' lines, so it goes to a file; tests print through the page driver.
 * @param {string} type
 * @param {unknown[]} args
 */
function record(type, args) {
  const line = `${type}: ${format(...args)}\n`;
  appendFileSync(LOG, line);
  if (process.env.TILEWRIGHT_VERBOSE === "1") process.stderr.write(line);
}

/** @returns {Promise<number>} exit code */
async function main() {
  const { folder, flags } = parse(process.argv.slice(2));
  const limit = Number(process.env.TILEWRIGHT_HOST_TIMEOUT_MS ?? 1_500_000);
  /** @type {PromiseWithResolvers<number>} */
  const end = withResolvers();
  /** @type {PromiseWithResolvers<import("./session.mjs").Session>} */
  const window = withResolvers();
  window.promise.catch(() => undefined);
  const driver = await startPageDriver(window.promise, (text) => process.stdout.write(`${text}\n`));
  mkdirSync(TEST_OUTPUT, { recursive: true });
  writeFileSync(LOG, "");
  const timer = setTimeout(() => end.resolve(TIMED_OUT), limit);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.once(signal, () => end.resolve(130));
  /** @type {import("./session.mjs").Session | undefined} */
  let session;
  try {
    const opening = openSession({
      workspace: folder,
      extension: (flags.get("extensionDevelopmentPath") ?? []).filter(Boolean),
      tests: flags.get("extensionTestsPath")?.[0],
      vsix: process.env.TILEWRIGHT_VSIX,
      trust: process.env.TILEWRIGHT_TRUST === "1",
      dataFolder: flags.get("user-data-dir")?.[0],
      extensionsFolder: flags.get("extensions-dir")?.[0],
      env: { TILEWRIGHT_PAGE_DRIVER: driver.url },
      // The workbench calls these two, as in VS Code's own browser tests.
      prepare: async (page) => {
        await page.exposeFunction("codeAutomationLog", record);
        await page.exposeFunction("codeAutomationExit", (/** @type {number} */ code) => end.resolve(code));
      },
      opened: (opened) => window.resolve(opened),
    });
    session = await opening;
    void session.server.exited.then(() => end.resolve(BROKEN));
    session.page.on("crash", () => end.resolve(BROKEN));
    const code = await end.promise;
    if (code > 1) await report(session, code, limit);
    return code;
  } finally {
    clearTimeout(timer);
    await session?.close();
    driver.close();
  }
}

/**
 * @param {import("./session.mjs").Session} session
 * @param {number} code
 * @param {number} limit
 */
async function report(session, code, limit) {
  const what = code === TIMED_OUT ? `did not finish within ${limit} ms` : "was stopped";
  const shot = await session.screenshot(`vscode-${code}-${Date.now()}`).catch(() => "none");
  process.stderr.write(
    `VS Code ${what}; screenshot: ${shot}, log: ${LOG}\n${session.server.log().slice(-2000)}\n`,
  );
}

/** Promise.withResolvers, which Node 20 lacks. @returns {any} */
function withResolvers() {
  /** @type {any} */
  const result = {};
  result.promise = new Promise((resolve, reject) => Object.assign(result, { resolve, reject }));
  return result;
}

main().then(
  (code) => process.exit(code),
  (error) => {
    process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
    process.exit(BROKEN);
  },
);
