/**
 * Runs the tests of test/extension inside a real VS Code: through the stand-in of test/vscode-host on Linux, in a
 * desktop VS Code that `@vscode/test-electron` downloads on macOS and Windows (on Linux with TILEWRIGHT_DESKTOP=1).
 *
 *   node test/extension/run.mjs [name…]                   the extension from this checkout (run `npm run build` first)
 *   node test/extension/run.mjs --packed FILE [name…]     the extension from a VSIX, tests of test/extension/packed
 *
 * A name is part of a test file's name. TILEWRIGHT_VERBOSE=1 shows VS Code's own log, which is otherwise in
 * test-output/vscode-host.log.
 * @module
 */
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { basename, dirname, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { build } from "esbuild";

const HERE = dirname(fileURLToPath(import.meta.url));
const ROOT = resolve(HERE, "../..");
const BUNDLES = join(ROOT, "dist-test");
const SHIM = join(ROOT, "test", "vscode-host", "shim.mjs");

/**
 * How many tests ended how.
 * @typedef {{passed: number, failed: number, skipped: number}} Counts
 */

/** Whether tests run in a desktop VS Code here. */
export const DESKTOP = process.platform !== "linux" || process.env.TILEWRIGHT_DESKTOP === "1";

/**
 * Runs tests in a VS Code of their own, in an empty temporary workspace (or a copy of test/extension/workspace).
 * @param {{packed?: string, names?: string[]}} [options] packed: a VSIX to install instead of this checkout;
 *   names: parts of the names of the test files to run, all when empty
 * @returns {Promise<Counts>}
 * @throws {Error} when no file matches, or VS Code ended without results
 */
export async function runSuites({ packed, names = [] } = {}) {
  const temporary = mkdtempSync(join(tmpdir(), "tilewright-test-"));
  mkdirSync(BUNDLES, { recursive: true });
  // Below the root, so that the bundles find mocha; one folder a run, so that two runs do not meet.
  const bundles = mkdtempSync(join(BUNDLES, "run-"));
  try {
    const files = await bundle(packed ? join(HERE, "packed") : HERE, names, bundles);
    const workspace = makeWorkspace(temporary);
    const result = join(temporary, "result.json");
    const env = {
      TILEWRIGHT_TEST_FILES: JSON.stringify(files),
      TILEWRIGHT_TEST_RESULT: result,
      TILEWRIGHT_TEST_WORKSPACE: workspace,
    };
    const ended = await launch({ temporary, bundles, workspace, packed, env });
    return count(result, ended);
  } finally {
    rmSync(bundles, { recursive: true, force: true });
    rmSync(temporary, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
}

/**
 * @param {string} folder
 * @param {string[]} names
 * @param {string} bundles
 * @returns {Promise<string[]>} the bundled test files
 */
async function bundle(folder, names, bundles) {
  const tests = readdirSync(folder).filter((name) => name.endsWith(".test.ts"));
  const wanted = tests.filter((name) => names.length === 0 || names.some((part) => name.includes(part)));
  if (wanted.length === 0)
    throw new Error(`No test in ${folder} is called ${names.join(" or ") || "*.test.ts"}.`);
  await build({
    absWorkingDir: ROOT,
    entryPoints: [join(HERE, "host.ts"), ...wanted.map((name) => join(folder, name))],
    entryNames: "[name]",
    outdir: bundles,
    outExtension: { ".js": ".cjs" },
    bundle: true,
    platform: "node",
    format: "cjs",
    target: "node20",
    sourcemap: "inline",
    external: ["vscode", "mocha"],
    logLevel: "warning",
    banner: { js: 'const importMetaUrl = require("node:url").pathToFileURL(__filename).href;' },
    define: { "import.meta.url": "importMetaUrl" },
  });
  // Tests that read pictures themselves look for WebAssembly codecs beside their bundle.
  cpSync(join(ROOT, "dist/codecs"), join(bundles, "codecs"), { recursive: true });
  return wanted.map((name) => join(bundles, name.replace(/\.ts$/, ".cjs")));
}

/** @param {string} temporary */
function makeWorkspace(temporary) {
  const workspace = join(temporary, "workspace");
  const template = join(HERE, "workspace");
  if (existsSync(template)) cpSync(template, workspace, { recursive: true });
  else mkdirSync(workspace);
  return workspace;
}

/**
 * @param {{temporary: string, bundles: string, workspace: string, packed: string | undefined, env: Record<string, string>}} options
 * @returns {Promise<string>} how VS Code ended, for people
 */
async function launch({ temporary, bundles, workspace, packed, env }) {
  const { downloadAndUnzipVSCode, runTests } = await import("@vscode/test-electron");
  const profile = [
    `--user-data-dir=${join(temporary, "data")}`,
    `--extensions-dir=${join(temporary, "extensions")}`,
  ];
  const program = DESKTOP ? await downloadAndUnzipVSCode() : makeProgram(temporary);
  if (packed && DESKTOP) await installOnDesktop(packed, profile);
  try {
    await runTests({
      vscodeExecutablePath: program,
      extensionDevelopmentPath: packed ? makeCompanion(temporary) : ROOT,
      extensionTestsPath: join(bundles, "host.cjs"),
      extensionTestsEnv: packed && !DESKTOP ? { ...env, TILEWRIGHT_VSIX: resolve(packed) } : env,
      launchArgs: [workspace, ...profile],
    });
    return "exit code 0";
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

/**
 * @param {string} packed
 * @param {string[]} profile
 */
async function installOnDesktop(packed, profile) {
  const { runVSCodeCommand } = await import("@vscode/test-electron");
  await runVSCodeCommand(["--install-extension", resolve(packed), ...profile]);
}

/**
 * A program that takes VS Code's arguments and runs the stand-in.
 * @param {string} temporary
 */
function makeProgram(temporary) {
  const quote = (/** @type {string} */ text) => `'${text.replaceAll("'", `'\\''`)}'`;
  const program = join(temporary, "code");
  writeFileSync(program, `#!/bin/sh\nexec ${quote(process.execPath)} ${quote(SHIM)} "$@"\n`, { mode: 0o755 });
  return program;
}

/**
 * VS Code runs tests only beside an extension under development; when the one under test is installed, this empty
 * one takes the place.
 * @param {string} temporary
 */
function makeCompanion(temporary) {
  const folder = join(temporary, "companion");
  mkdirSync(folder);
  const manifest = {
    name: "companion",
    publisher: "tilewright-test",
    version: "1.0.0",
    engines: { vscode: "^1.99.0" },
  };
  writeFileSync(join(folder, "package.json"), JSON.stringify(manifest));
  return folder;
}

/**
 * The result file decides, not the exit code: an extension host that was killed ends VS Code with exit code 0.
 * @param {string} result
 * @param {string} ended
 * @returns {Counts}
 */
function count(result, ended) {
  if (!existsSync(result)) throw new Error(`VS Code ended without test results (${ended}).`);
  /** @type {{state: "passed" | "failed" | "skipped"}[]} */
  const outcomes = JSON.parse(readFileSync(result, "utf8"));
  const of = (/** @type {string} */ state) => outcomes.filter((outcome) => outcome.state === state).length;
  return { passed: of("passed"), failed: of("failed"), skipped: of("skipped") };
}

if (process.argv[1] && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const { values, positionals } = parseArgs({
    options: { packed: { type: "string" } },
    allowPositionals: true,
  });
  try {
    const { passed, failed, skipped } = await runSuites({ packed: values.packed, names: positionals });
    console.log(`${passed} passed, ${failed} failed, ${skipped} skipped`);
    process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
  } catch (error) {
    console.error(`${basename(process.argv[1])}: ${error instanceof Error ? error.message : String(error)}`);
    process.exitCode = 1;
  }
}
