/**
 * `npm start`: predicts the bundled sample stack and opens the result in VS Code.
 * `--no-open` stops after the prediction; `--web` opens it in a VS Code that runs in the browser.
 * @module
 */
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, isAbsolute, join, resolve } from "node:path";
import { pathToFileURL, URLSearchParams } from "node:url";
import { parseArgs } from "node:util";
import { prepare, ROOT } from "./prepare.mjs";

const USAGE = `npm start [-- options]
  predicts the bundled sample stack with the bundled model and opens the result in VS Code
  --no-open   stop after the prediction
  --web       open it in the web VS Code (installed on first use, about 800 MB)
`;
const LONG_S = 24 * 3600;
/** Named here, because a fresh profile opens the file before it knows the extension's editor. */
const WEB_SETTINGS = { "workbench.editorAssociations": { "*.tif": "tilewright.stack" } };

/** @returns {Promise<number>} exit code */
async function main() {
  const options = readOptions();
  if (!options || options.help) {
    (options ? process.stdout : process.stderr).write(USAGE);
    return options ? 0 : 2;
  }
  prepare();
  const output = await predictSample();
  if (options.open && options.web) return openWeb(output);
  if (options.open) openDesktop(output);
  return 0;
}

function readOptions() {
  try {
    const { values } = parseArgs({
      options: { "no-open": { type: "boolean" }, web: { type: "boolean" }, help: { type: "boolean" } },
    });
    return { open: values["no-open"] !== true, web: values.web === true, help: values.help === true };
  } catch (error) {
    process.stderr.write(`tilewright: ${error instanceof Error ? error.message : String(error)}\n`);
    return null;
  }
}

/**
 * Runs the sample prediction, which prints plan, progress and figures.
 * @returns {Promise<string>} path of the predicted stack
 */
async function predictSample() {
  const child = spawn(process.execPath, [join(ROOT, "dist", "sample.cjs")], {
    cwd: ROOT,
    stdio: ["inherit", "pipe", "inherit"],
  });
  let said = "";
  child.stdout.setEncoding("utf8").on("data", (text) => {
    said += text;
    process.stdout.write(text);
  });
  const code = await new Promise((resolveCode, reject) =>
    child.once("error", reject).once("close", resolveCode),
  );
  if (code !== 0) throw new Error(`The sample prediction failed (exit code ${code}).`);
  const path = /^\s*output:?\s+(.+\.tiff?)\s*$/im.exec(said)?.[1];
  if (!path) throw new Error('The sample prediction printed no line "output <file>.tif".');
  return isAbsolute(path) ? path : resolve(ROOT, path);
}

/** @param {string} output */
function openDesktop(output) {
  const shell = process.platform === "win32";
  const quote = (/** @type {string} */ text) => (shell ? `"${text}"` : text);
  if (spawnSync("code", ["--version"], { shell, stdio: "ignore" }).status !== 0) {
    process.stdout.write(
      "\nDesktop VS Code ('code') is not on the PATH. To open the result in a VS Code in the browser:\n" +
        "  npm start -- --web     (installs it on first use, about 800 MB, into .vscode-host/)\n",
    );
    return;
  }
  const args = [`--extensionDevelopmentPath=${ROOT}`, "--new-window", dirname(output), output].map(quote);
  const { status } = spawnSync("code", args, { shell, stdio: "inherit" });
  if (status !== 0) throw new Error(`'code ${args.join(" ")}' failed (exit code ${status}).`);
  process.stdout.write(`\nOpened ${basename(output)} in VS Code.\n`);
}

/**
 * @param {string} output
 * @returns {Promise<number>} exit code, once the user has stopped the server
 */
async function openWeb(output) {
  const { ensureHost } = await import("../test/vscode-host/install.mjs");
  const { startServer } = await import("../test/vscode-host/server.mjs");
  const host = ensureHost({ chromium: false });
  const temporary = mkdtempSync(join(tmpdir(), "tilewright-web-"));
  const stopped = new Promise((resolveStopped) => {
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => resolveStopped(0));
  });
  /** @type {import("../test/vscode-host/server.mjs").Server | undefined} */
  let server;
  try {
    const extensionsFolder = linkExtension(join(temporary, "extensions"));
    server = await startServer(host, {
      driver: false,
      extensionsFolder,
      graceSeconds: LONG_S,
      settings: WEB_SETTINGS,
    });
    process.stdout.write(`
VS Code ${host.version} with Tilewright is running. Open this address in a browser:
  ${address(server, output)}
Press Ctrl+C here to stop it.
`);
    const code = await Promise.race([stopped, server.exited.then(() => 1)]);
    if (code !== 0)
      process.stderr.write(`The VS Code server stopped by itself:\n${server.log().slice(-2000)}\n`);
    return code;
  } finally {
    await server?.close({ gently: true });
    rmSync(temporary, { recursive: true, force: true });
  }
}

/**
 * The server takes folders in its extensions folder for installed extensions, but only at its first start.
 * @param {string} folder
 * @returns {string} the same folder
 */
function linkExtension(folder) {
  const { publisher, name, version } = JSON.parse(readFileSync(join(ROOT, "package.json"), "utf8"));
  mkdirSync(folder, { recursive: true });
  symlinkSync(
    ROOT,
    join(folder, `${publisher}.${name}-${version}`),
    process.platform === "win32" ? "junction" : "dir",
  );
  return folder;
}

/**
 * @param {import("../test/vscode-host/server.mjs").Server} server
 * @param {string} output
 */
function address(server, output) {
  const path = pathToFileURL(output).pathname;
  const query = new URLSearchParams({
    tkn: server.token,
    folder: decodeURIComponent(dirname(path)),
    payload: JSON.stringify([["openFile", `vscode-remote://remote${path}`]]),
  });
  return `${server.origin}/?${query.toString()}`;
}

main().then(
  (code) => (process.exitCode = code),
  (error) => {
    process.stderr.write(`tilewright: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
