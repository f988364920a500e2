import { readFileSync, readdirSync, statSync } from "node:fs";
import { join, posix, relative, sep } from "node:path";
import { describe, expect, test } from "vitest";

const ROOT = join(import.meta.dirname, "../..");
const BASE = ["src/errors", "src/job"];

/**
 * Folder or file → what it may import: other folders of ours, then packages. A folder may import itself.
 * The longest match decides.
 */
const MAY_IMPORT: Record<string, readonly string[]> = {
  "src/errors": [],
  "src/job": [],
  "src/version": ["package.json"],
  "src/volume": BASE,
  "src/stack": [
    ...BASE,
    "src/volume",
    "node:*",
    "geotiff",
    "fast-xml-parser",
    "@cornerstonejs/*",
    "@jsquash/webp/*",
    "xz-decompress",
    "zarrita",
  ],
  "src/tiling": [...BASE, "src/volume"],
  "src/network": [...BASE, "src/volume", "protobufjs/*"],
  "src/models": [...BASE, "src/network", "src/volume", "node:*", "jsfive", "zod"],
  "src/engines": [...BASE, "src/network", "src/volume", "node:*", "onnxruntime-node"],
  "src/plugins": [...BASE, "src/volume", "src/stack/stack", "src/models/model", "src/engines/engine"],
  "src/protocol": [...BASE, "src/volume", "src/stack/stack", "src/diagnose/diagnosis"],
  "src/diagnose": [...BASE, "src/volume", "src/stack", "src/tiling"],
  "src/diagnose/heatMap": [...BASE, "src/volume", "src/stack", "src/diagnose/diagnosis", "node:*"],
  "src/diagnose/report": [
    ...BASE,
    "src/volume",
    "src/stack",
    "src/diagnose/diagnosis",
    "src/diagnose/words",
    "node:*",
    "fast-png",
  ],
  // The panel shows what a report says: these run anywhere.
  "src/diagnose/words": ["src/diagnose/diagnosis"],
  "src/diagnose/report/plots": ["src/diagnose/diagnosis", "src/diagnose/words"],
  "src/predict": [
    ...BASE,
    "src/version",
    "src/volume",
    "src/stack",
    "src/tiling",
    "src/network",
    "src/models",
    "src/engines",
    "src/plugins",
    "src/diagnose",
    "src/protocol",
    "src/builtins",
    "node:*",
    "tinyglobby",
  ],
  "src/builtins": ["src/stack", "src/models", "src/engines", "src/plugins"],
  "src/cli": ["src", "node:*", "commander", "cli-progress"],
  "src/index": ["src/errors", "src/volume", "src/tiling", "src/predict"],
  extension: ["src", "node:*", "vscode"],
  webview: [
    "src/errors",
    "src/protocol",
    "src/diagnose/diagnosis",
    "src/diagnose/words",
    "src/diagnose/report/plots",
    "src/volume",
    "@vscode/webview-ui-toolkit",
    "uplot",
  ],
};

/** Rooms whose code must run anywhere: no Node, no DOM. */
const PURE = ["src/volume", "src/tiling", "src/network"];

const matches = (path: string, entry: string): boolean => path === entry || path.startsWith(`${entry}/`);
const folderOf = (path: string): string | undefined =>
  Object.keys(MAY_IMPORT)
    .filter((entry) => matches(path, entry))
    .sort((a, b) => b.length - a.length)[0];

/** `import … from "x"`, `export … from "x"`; `import("x")`; `import "x"`. */
const IMPORTS =
  /^\s*(?:import|export)\b[^"';]*?\bfrom\s*"([^"]+)"|\bimport\(\s*"([^"]+)"|^\s*import\s+"([^"]+)"/gm;

/** Every violation in one source text; empty when it obeys the table. */
function violations(file: string, text: string): string[] {
  const own = file.replace(/\.ts$/, "");
  const folder = folderOf(own);
  if (folder === undefined) return [`${file}: lives in no known folder`];
  const specifiers = [...text.matchAll(IMPORTS)].map((m) => m[1] ?? m[2] ?? m[3]);
  const allowed = [folder, ...MAY_IMPORT[folder]];
  const found = specifiers.flatMap((specifier) => {
    const target = specifier.startsWith(".") ? posix.join(posix.dirname(own), specifier) : specifier;
    const ok = allowed.some(
      (a) => matches(target, a) || (a.endsWith("*") && target.startsWith(a.slice(0, -1))),
    );
    return ok ? [] : [`${file} imports ${specifier}; ${folder} may import only ${allowed.join(", ")}`];
  });
  const usesNode = PURE.includes(folder) && /\b(process|Buffer|__dirname|require)\b[.(]/.test(text);
  return usesNode ? [...found, `${file} uses Node; ${folder} must run anywhere`] : found;
}

const sources = (folder: string): string[] =>
  readdirSync(folder).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(path).isDirectory()) return sources(path);
    return /\.ts$/.test(name) && !name.endsWith(".d.ts") ? [path] : [];
  });

describe("layers", () => {
  const files = ["src", "extension", "webview"].flatMap((folder) => sources(join(ROOT, folder)));
  test("there is something to check", () => expect(files.length).toBeGreaterThan(60));
  test.each(files.map((file) => relative(ROOT, file).split(sep).join("/")))("%s obeys", (file) => {
    expect(violations(file, readFileSync(join(ROOT, file), "utf8"))).toEqual([]);
  });
  test.each([
    ["src/tiling/plan.ts", `import { window } from "vscode";`],
    ["src/tiling/plan.ts", `import { openStack } from "../stack/open";`],
    ["src/tiling/plan.ts", `import { readFile } from "node:fs/promises";`],
    ["src/tiling/plan.ts", `const x = await import("../predict/predict");`],
    ["src/network/graph.ts", `const x = process.cwd();`],
    ["src/models/a.ts", `export * from "../../extension/extension";`],
    ["src/plugins/a.ts", `import { tiffReader } from "../stack/tiff";`],
    ["webview/main.ts", `import { openStack } from "../src/stack/open";`],
    ["webview/main.ts", `import type { X } from "../extension/extension";`],
    ["src/drawer/a.ts", `export const a = 1;`],
  ])("the checker itself flags %s: %s", (file, text) => expect(violations(file, text)).toHaveLength(1));
});
