/**
 * Runs the VS Code server in this process, and ends its whole process group when the process that started it is
 * gone (its end of stdin closes). Without it a killed test run would leave extension hosts behind.
 * Use: node server-guard.mjs <server-main.js> <arguments of the server>
 * @module
 */
import { pathToFileURL } from "node:url";

process.stdin.on("close", () =>
  process.kill(process.platform === "win32" ? process.pid : -process.pid, "SIGKILL"),
);
process.stdin.resume();
process.argv.splice(1, 1);
await import(pathToFileURL(process.argv[1]).href);
