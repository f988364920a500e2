/**
 * `npm test`: prepares the checkout, runs every leg and adds up what happened. `npm test -- unit types` runs legs by
 * name. The last line is "N passed, N failed, N skipped"; the exit code is 1 when a test failed, a leg crashed or a leg
 * ran no test.
 * @module
 */
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { prepare, ROOT } from "./prepare.mjs";

const OUTPUT = join(ROOT, "test-output");
/** Projects of vitest.config.ts; other runs bring a configuration of their own. */
const PROJECTS = ["unit", "golden", "cli"];

/**
 * How many tests ended how.
 * @typedef {{passed: number, failed: number, skipped: number}} Counts
 */

/**
 * What `npm test` consists of, in this order. The names after `--` choose legs; for "vscode" and "packed", further
 * words choose test files.
 * @type {Record<string, {about: string, run: (words: string[]) => Counts | Promise<Counts>}>}
 */
const LEGS = {
  lint: {
    about: "eslint and prettier",
    run: () => add(tool("eslint", ["."]), tool("prettier", ["--check", "--log-level", "warn", "."])),
  },
  types: {
    about: "the compiler on every project",
    run: () => program("npm run typecheck", npmScript("typecheck")),
  },
  unit: { about: "the library", run: (words) => vitest("unit", words) },
  golden: {
    about: "predictions against CSBDeep and against one call",
    run: (words) => vitest("golden", words),
  },
  cli: { about: "the command line", run: (words) => vitest("cli", words) },
  vscode: { about: "the extension in a real VS Code", run: (words) => inVsCode({ names: words }) },
  scenarios: { about: "windows that reload, restrict and close", run: (words) => scenarios(words) },
  packed: { about: "the packed extension, away from this checkout", run: (words) => packed(words) },
};

/** @returns {Promise<number>} exit code */
async function main() {
  const words = process.argv.slice(2);
  const unknown = words[0] !== undefined && !Object.hasOwn(LEGS, words[0]) ? words[0] : undefined;
  if (unknown !== undefined) {
    process.stderr.write(
      `npm test: there is no leg "${unknown}"; legs are ${Object.keys(LEGS).join(", ")}\n`,
    );
    return 2;
  }
  prepare();
  mkdirSync(OUTPUT, { recursive: true });
  const names = words.filter((word) => Object.hasOwn(LEGS, word));
  const rest = words.filter((word) => !Object.hasOwn(LEGS, word));
  /** @type {Counts} */
  let total = { passed: 0, failed: 0, skipped: 0 };
  const lines = [];
  for (const name of names.length > 0 ? names : Object.keys(LEGS)) {
    process.stdout.write(`\n== ${name}: ${LEGS[name].about}\n`);
    const started = Date.now();
    const counts = await runLeg(name, rest);
    lines.push(`${name.padEnd(10)} ${sentence(counts)} (${((Date.now() - started) / 1000).toFixed(0)} s)`);
    total = add(total, counts);
  }
  process.stdout.write(`\n${lines.join("\n")}\n${sentence(total)}\n`);
  return total.failed > 0 ? 1 : 0;
}

/**
 * @param {string} name
 * @param {string[]} words
 * @returns {Promise<Counts>} a leg that crashes or runs nothing counts as one failure
 */
async function runLeg(name, words) {
  try {
    const counts = await LEGS[name].run(words);
    if (counts.passed + counts.failed + counts.skipped > 0) return counts;
    process.stdout.write(`${name} ran no test\n`);
  } catch (error) {
    process.stdout.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`);
  }
  return { passed: 0, failed: 1, skipped: 0 };
}

/**
 * @param {string} script
 * @returns {[string, string[]]}
 */
function npmScript(script) {
  const npm = process.env.npm_execpath;
  return npm?.endsWith(".js")
    ? [process.execPath, [npm, "run", "--silent", script]]
    : ["npm", ["run", "--silent", script]];
}

/**
 * A program that is one test: it passes when it exits with 0.
 * @param {string} title
 * @param {[string, string[]]} command
 * @returns {Counts}
 */
function program(title, [file, args]) {
  const shell = process.platform === "win32" && file === "npm";
  const { status } = spawnSync(file, args, { cwd: ROOT, stdio: "inherit", shell });
  process.stdout.write(`  ${status === 0 ? "✓" : "✗"} ${title}\n`);
  return { passed: status === 0 ? 1 : 0, failed: status === 0 ? 0 : 1, skipped: 0 };
}

/**
 * @param {string} name a package of node_modules that has a program of the same name
 * @param {string[]} args
 */
function tool(name, args) {
  return program(name, [process.execPath, [binary(name), ...args]]);
}

/** @param {string} name */
function binary(name) {
  const folder = join(ROOT, "node_modules", name);
  const { bin } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8"));
  return join(folder, typeof bin === "string" ? bin : bin[name]);
}

/**
 * @param {string} name
 * @param {string[]} args
 * @returns {Counts}
 */
function vitest(name, args) {
  const result = join(OUTPUT, `${name}.json`);
  rmSync(result, { force: true });
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${result}`];
  const project = PROJECTS.includes(name) ? ["--project", name] : [];
  const command = [binary("vitest"), "run", ...project, ...reporters, ...args];
  const { status } = spawnSync(process.execPath, command, { cwd: ROOT, stdio: "inherit" });
  if (!existsSync(result)) throw new Error(`vitest ended without results (exit code ${status})`);
  const {
    numPassedTests: passed,
    numFailedTests,
    numTotalTests: total,
  } = JSON.parse(readFileSync(result, "utf8"));
  // A file that does not even load has no tests that could fail.
  const failed = status !== 0 && numFailedTests === 0 ? 1 : numFailedTests;
  return { passed, failed, skipped: total - passed - numFailedTests };
}

/**
 * @param {{packed?: string, names?: string[]}} options
 * @returns {Promise<Counts>}
 */
async function inVsCode(options) {
  const { runSuites } = await import("../test/extension/run.mjs");
  return runSuites(options);
}

/**
 * @param {string[]} words
 * @returns {Promise<Counts>}
 */
async function scenarios(words) {
  const { DESKTOP } = await import("../test/extension/run.mjs");
  if (!DESKTOP)
    return vitest("scenarios", ["--config", "test/extension/scenarios/vitest.config.mjs", ...words]);
  process.stdout.write(
    "  - skipped: scenarios need the VS Code server of test/vscode-host, which is used on Linux\n",
  );
  return { passed: 0, failed: 0, skipped: 1 };
}

/**
 * @param {string[]} names
 * @returns {Promise<Counts>}
 */
async function packed(names) {
  const vsix = join(OUTPUT, "tilewright.vsix");
  rmSync(vsix, { force: true });
  const { status } = spawnSync(process.execPath, [join(ROOT, "tools", "package.mjs"), "--out", vsix], {
    cwd: ROOT,
    stdio: "inherit",
  });
  if (status !== 0 || !existsSync(vsix)) throw new Error(`packing failed (exit code ${status})`);
  return inVsCode({ packed: vsix, names });
}

/**
 * @param {Counts} a
 * @param {Counts} b
 * @returns {Counts}
 */
function add(a, b) {
  return { passed: a.passed + b.passed, failed: a.failed + b.failed, skipped: a.skipped + b.skipped };
}

/** @param {Counts} counts */
function sentence({ passed, failed, skipped }) {
  return `${passed} passed, ${failed} failed, ${skipped} skipped`;
}

main().then(
  (code) => (process.exitCode = code),
  (error) => {
    process.stderr.write(`npm test: ${error instanceof Error ? error.message : String(error)}\n`);
    process.exitCode = 1;
  },
);
