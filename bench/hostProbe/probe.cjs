/**
 * Measures the event loop of the extension host that it runs in. What is asked, and the answers, are files of the
 * folder that is open: `probe.start` begins, `probe.stop` ends and leaves `probe.json`.
 * @module
 */
const { existsSync, rmSync, writeFileSync } = require("node:fs");
const { join } = require("node:path");
const { monitorEventLoopDelay } = require("node:perf_hooks");
const { workspace } = require("vscode");

const ASK_MS = 200;
const RESOLUTION_MS = 5;

exports.activate = () => {
  const folder = workspace.workspaceFolders?.[0].uri.fsPath;
  if (folder === undefined) return;
  const taken = (name) => {
    const path = join(folder, name);
    if (!existsSync(path)) return false;
    rmSync(path);
    return true;
  };
  const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
  setInterval(() => {
    if (taken("probe.start")) {
      delay.reset();
      delay.enable();
    }
    if (!taken("probe.stop")) return;
    delay.disable();
    const ms = (nanoseconds) => nanoseconds / 1e6 - RESOLUTION_MS;
    const figures = { p50: ms(delay.percentile(50)), p99: ms(delay.percentile(99)), max: ms(delay.max) };
    writeFileSync(join(folder, "probe.json"), JSON.stringify(figures));
  }, ASK_MS);
};
