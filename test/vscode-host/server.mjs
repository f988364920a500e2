/**
 * Starts VS Code's own server (not code-server's wrapper, which rejects `--enable-smoke-test-driver`) on a free
 * loopback port, with profile folders of its own. Plain Node, no dependency.
 * @module
 */
import { spawn, spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const GUARD = join(dirname(fileURLToPath(import.meta.url)), "server-guard.mjs");
const START_LIMIT_MS = 60_000;
const GENTLE_MS = 2000;
const KEPT_LOG = 1_000_000;

/**
 * Without these a chat side bar takes a third of the window and start pages cover the editor. Written the way this
 * VS Code writes them: it migrates old spellings at startup, and may show the file as a tab while it does.
 */
const QUIET_SETTINGS = {
  "workbench.startupEditor": "none",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "workbench.tips.enabled": false,
  "chat.disableAIFeatures": true,
  "telemetry.telemetryLevel": "off",
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": "off",
  "extensions.ignoreRecommendations": true,
  "git.enabled": false,
  "security.workspace.trust.startupPrompt": "never",
  "security.workspace.trust.banner": "never",
};

/**
 * A running server.
 * @typedef {object} Server
 * @property {string} origin such as "http://127.0.0.1:40321"
 * @property {string} token to be passed as `tkn` in the first address that a browser opens
 * @property {number} pid process id, which on Linux and macOS is also its process group
 * @property {string} dataFolder user data; settings are in `User/settings.json`, logs in `logs/`
 * @property {string} extensionsFolder where extensions are installed
 * @property {() => string} log what the server printed so far (the last megabyte)
 * @property {Promise<number | null>} exited resolves with the exit code when the server is gone
 * @property {(options?: {gently?: boolean}) => Promise<void>} close stops the server with everything it started and
 *   removes its temporary folders; gently: extension hosts get two seconds to put things in order
 */

/**
 * Starts a server.
 * @param {import("./install.mjs").Host} host from `ensureHost`
 * @param {object} [options]
 * @param {Record<string, unknown>} [options.settings] user settings, added to quiet defaults
 * @param {boolean} [options.trust] true leaves workspace trust on, so that folders open in Restricted Mode
 * @param {boolean} [options.driver] true lets the address name an extension under development (default true)
 * @param {Record<string, string | undefined>} [options.env] environment added for the server and its extension hosts
 * @param {string} [options.dataFolder] user data folder to keep, instead of a temporary one
 * @param {string} [options.extensionsFolder] extensions folder to keep, instead of a temporary one
 * @param {string} [options.vsix] an extension package to install first
 * @param {number} [options.graceSeconds] how long the extension host of a lost window is kept (default 30)
 * @returns {Promise<Server>}
 * @throws {Error} with the server's output when it does not start
 */
export async function startServer(host, options = {}) {
  const temporary = mkdtempSync(join(tmpdir(), "tilewright-vscode-"));
  const dataFolder = options.dataFolder ?? join(temporary, "data");
  const extensionsFolder = options.extensionsFolder ?? join(temporary, "extensions");
  try {
    writeSettings(dataFolder, options.settings ?? {});
    const folders = { data: dataFolder, extensions: extensionsFolder, temporary };
    if (options.vsix) installVsix(host, options.vsix, folders);
    const running = await launch(host, serverArguments(folders, options), options.env ?? {});
    const close = async ({ gently = false } = {}) => {
      if (gently) await running.ask();
      await running.stop();
      rmSync(temporary, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    };
    const { origin, token, pid, log, exited } = running;
    return { origin, token, pid, dataFolder, extensionsFolder, log, exited, close };
  } catch (error) {
    rmSync(temporary, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
    throw error;
  }
}

/**
 * Settings of a profile that exists already are left as they are.
 * @param {string} dataFolder
 * @param {Record<string, unknown>} settings
 */
function writeSettings(dataFolder, settings) {
  const file = join(dataFolder, "User", "settings.json");
  if (existsSync(file) && Object.keys(settings).length === 0) return;
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, JSON.stringify({ ...QUIET_SETTINGS, ...settings }, null, 2));
}

/**
 * Installs an extension package into the extensions folder that a server will use.
 * @param {import("./install.mjs").Host} host from `ensureHost`
 * @param {string} vsix path of the package
 * @param {{data: string, extensions: string, temporary: string}} folders of the future server
 * @throws {Error} with VS Code's answer when it refuses the package
 */
function installVsix(host, vsix, folders) {
  const args = [
    host.server,
    ...folderArguments(folders),
    "--accept-server-license-terms",
    "--install-extension",
    vsix,
  ];
  const result = spawnSync(host.node, args, { encoding: "utf8" });
  if (result.status !== 0 || !/successfully installed/.test(result.stdout)) {
    throw new Error(`VS Code did not install ${vsix}: ${result.stdout}${result.stderr}`);
  }
}

/** @param {{data: string, extensions: string, temporary: string}} folders */
function folderArguments({ data, extensions, temporary }) {
  return ["--server-data-dir", temporary, "--user-data-dir", data, "--extensions-dir", extensions];
}

/**
 * @param {{data: string, extensions: string, temporary: string}} folders
 * @param {{trust?: boolean, driver?: boolean, graceSeconds?: number}} options
 */
function serverArguments(folders, { trust = false, driver = true, graceSeconds = 30 }) {
  return [
    ...["--host", "127.0.0.1", "--port", "0", "--accept-server-license-terms"],
    ...["--disable-telemetry", "--disable-experiments", "--disable-getting-started-override"],
    ...["--reconnection-grace-time", String(graceSeconds)],
    ...(driver ? ["--enable-smoke-test-driver"] : []),
    ...(trust ? [] : ["--disable-workspace-trust"]),
    ...folderArguments(folders),
  ];
}

/**
 * @param {import("./install.mjs").Host} host
 * @param {string[]} args
 * @param {Record<string, string | undefined>} env
 */
async function launch(host, args, env) {
  const token = randomBytes(16).toString("hex");
  const child = spawn(host.node, [GUARD, host.server, "--connection-token", token, ...args], {
    env: { ...process.env, ...env },
    detached: process.platform !== "win32",
    stdio: ["pipe", "pipe", "pipe"],
  });
  let log = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text) => (log = (log + text).slice(-KEPT_LOG)));
  }
  const exited = new Promise((resolve) => {
    child.once("exit", resolve).once("error", (error) => {
      log += error.message;
      resolve(null);
    });
  });
  const ask = async () => {
    child.kill("SIGTERM");
    await new Promise((resolve) => setTimeout(resolve, GENTLE_MS));
  };
  const stop = async () => {
    killGroup(child);
    await exited;
  };
  const port = await listening(() => log, exited).catch(async (error) => {
    await stop();
    throw error;
  });
  return {
    origin: `http://127.0.0.1:${port}`,
    token,
    pid: child.pid ?? 0,
    log: () => log,
    exited,
    ask,
    stop,
  };
}

/** @param {import("node:child_process").ChildProcess} child */
function killGroup(child) {
  try {
    if (process.platform === "win32") spawnSync("taskkill", ["/pid", String(child.pid), "/t", "/f"]);
    else if (child.pid) process.kill(-child.pid, "SIGKILL");
  } catch {
    // The group is gone already.
  }
}

/**
 * @param {() => string} log
 * @param {Promise<unknown>} exited
 * @returns {Promise<number>} the port
 */
async function listening(log, exited) {
  let gone = false;
  void exited.then(() => (gone = true));
  for (const end = Date.now() + START_LIMIT_MS; Date.now() < end && !gone;) {
    const port = /agent listening on (\d+)/.exec(log())?.[1];
    if (port) return Number(port);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  throw new Error(`The VS Code server ${gone ? "stopped" : "did not come up"}:\n${log()}`);
}
