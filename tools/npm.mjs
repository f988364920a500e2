/**
 * Runs npm from a script, on every platform, also when the script itself was started by npm.
 * @module
 */
import { spawnSync } from "node:child_process";

/** npm's description of the outer package would make an inner npm act on that package. */
const OUTER = /^npm_(package|lifecycle|config_(local_prefix|prefix|ignore_scripts|userconfig_))/;

/**
 * @param {string[]} args arguments of npm
 * @param {{cwd: string, quiet?: boolean}} options cwd: folder to run in; quiet: show nothing (default false)
 * @throws {Error} with what npm said, when it fails
 */
export function npm(args, { cwd, quiet = false }) {
  const env = Object.fromEntries(Object.entries(process.env).filter(([name]) => !OUTER.test(name)));
  const script = process.env.npm_execpath;
  const options = /** @type {const} */ ({
    cwd,
    env,
    encoding: "utf8",
    stdio: ["ignore", quiet ? "ignore" : process.stderr.fd, quiet ? "pipe" : process.stderr.fd],
  });
  const result = script?.endsWith(".js")
    ? spawnSync(process.execPath, [script, ...args], options)
    : spawnSync("npm", args, { ...options, shell: process.platform === "win32" });
  if (result.status === 0) return;
  const said = (result.stderr ?? "").trim().split("\n").slice(0, 5).join("\n");
  const why = result.error?.message ?? (said || (quiet ? `exit code ${result.status}` : "see above"));
  throw new Error(`'npm ${args.join(" ")}' failed in ${cwd}: ${why}`);
}
