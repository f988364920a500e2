import { readFileSync, readdirSync } from "node:fs";
import { extname, join } from "node:path";
import { expect, test } from "vitest";
import { STACK_ENDINGS, TIFF_ENDINGS } from "../../src/stack/names";

const ROOT = join(import.meta.dirname, "../..");
const read = (...path: string[]): string => readFileSync(join(ROOT, ...path), "utf8");

interface Property {
  readonly default?: unknown;
  readonly scope?: string;
  readonly order?: number;
  readonly markdownDescription?: string;
}

interface Manifest {
  readonly activationEvents: readonly string[];
  readonly engines: { readonly vscode: string };
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly capabilities: {
    readonly untrustedWorkspaces: {
      readonly supported: string;
      readonly restrictedConfigurations: readonly string[];
    };
  };
  readonly contributes: {
    readonly commands: readonly {
      readonly command: string;
      readonly title: string;
      readonly category: string;
    }[];
    readonly menus: Readonly<Record<string, readonly { readonly command: string; readonly when: string }[]>>;
    readonly configuration: readonly { readonly properties: Readonly<Record<string, Property>> }[];
    readonly customEditors: readonly {
      readonly viewType: string;
      readonly priority: string;
      readonly selector: readonly { readonly filenamePattern: string }[];
    }[];
    readonly walkthroughs: readonly {
      readonly steps: readonly {
        readonly description: string;
        readonly media: { readonly markdown: string };
      }[];
    }[];
    readonly keybindings?: unknown;
  };
}

const manifest = JSON.parse(read("package.json")) as Manifest;
const commands = manifest.contributes.commands.map(({ command }) => command);
const properties = Object.assign(
  {},
  ...manifest.contributes.configuration.map((part) => part.properties),
) as Record<string, Property>;

test("every command of the manifest is registered, and no other", () => {
  const source = read("extension", "commands", "register.ts");
  const names = [...source.matchAll(/^\s+(\w+): \{ what: "/gm)].map(([, name]) => `tilewright.${name}`);
  expect(names.sort()).toEqual([...commands].sort());
});

test("titles are those that people are told about", () => {
  const titles = Object.fromEntries(
    manifest.contributes.commands.map(({ command, title }) => [command, title]),
  );
  expect(titles).toMatchObject({
    "tilewright.predictTiled": "Predict Tiled…",
    "tilewright.predictVisible": "Predict Visible Region",
    "tilewright.explainTiling": "Explain Tiling…",
    "tilewright.openSample": "Open Sample Stack",
    "tilewright.showRun": "Show Run Record",
    "tilewright.compareStacks": "Compare with…",
    "tilewright.addLayer": "Add Layer…",
    "tilewright.diagnoseSeams": "Diagnose Seams…",
  });
  expect(manifest.contributes.commands.every(({ category }) => category === "Tilewright")).toBe(true);
});

test("the walkthrough names commands and texts that exist", () => {
  const steps = manifest.contributes.walkthroughs.flatMap((walkthrough) => walkthrough.steps);
  expect(steps.length).toBeGreaterThan(0);
  for (const { description, media } of steps) {
    const named = [...description.matchAll(/command:([\w.]+)/g)].map(([, command]) => command);
    expect(named.filter((command) => !commands.includes(command))).toEqual([]);
    expect(read(media.markdown).length).toBeGreaterThan(100);
  }
});

test("menus name commands that exist", () => {
  const named = Object.values(manifest.contributes.menus).flatMap((menu) =>
    menu.map(({ command }) => command),
  );
  expect(named.filter((command) => !commands.includes(command))).toEqual([]);
});

test("the settings that are read are those of the manifest, each with a default, scope, order and description", () => {
  const source = read("extension", "settings.ts");
  const table = source.slice(source.indexOf("SETTING_KEYS"), source.indexOf("});"));
  const keys = [...table.matchAll(/: "([\w.]+)",/g)].map(([, key]) => `tilewright.${key}`);
  expect(keys.sort()).toEqual(Object.keys(properties).sort());
  for (const property of Object.values(properties)) {
    expect(property).toHaveProperty("default");
    expect(property.scope).toBeDefined();
    expect(property.order).toBeGreaterThan(0);
    expect(property.markdownDescription?.length).toBeGreaterThan(20);
  }
});

test("settings are read in one file only", () => {
  const files = readdirSync(join(ROOT, "extension"), { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".ts"),
  );
  const readers = files.filter((file) => read("extension", file).includes("getConfiguration("));
  expect(readers).toEqual(["settings.ts"]);
});

test("settings that name folders do not count in untrusted workspaces", () => {
  const { supported, restrictedConfigurations } = manifest.capabilities.untrustedWorkspaces;
  expect(supported).toBe("limited");
  expect([...restrictedConfigurations].sort()).toEqual(
    Object.keys(properties)
      .filter((key) => /folder/.test(key))
      .sort(),
  );
});

test("the custom editor is the one that the code registers", () => {
  expect(manifest.contributes.customEditors.map(({ viewType, priority }) => [viewType, priority])).toEqual([
    ["tilewright.stack", "default"],
  ]);
  expect(read("extension", "stackEditor.ts")).toContain('VIEW_TYPE = "tilewright.stack"');
});

test("the editor opens every kind of file that the readers open", () => {
  const patterns = manifest.contributes.customEditors.flatMap(({ selector }) =>
    selector.map(({ filenamePattern }) => filenamePattern),
  );
  expect(patterns).toEqual(TIFF_ENDINGS.map((ending) => `*${ending}`));
});

/** The conditions on names in a `when`, put to a file. */
function isOffered(when: string, name: string): boolean {
  const endings = { resourceExtname: extname(name), resourceFilename: name };
  const tests = [...when.matchAll(/(resourceExtname|resourceFilename) =~ \/((?:\\.|[^/])+)\/i/g)];
  return tests.some(([, key, pattern]) =>
    new RegExp(pattern, "i").test(endings[key as keyof typeof endings]),
  );
}

test("the explorer offers what is done with a stack on every kind of stack, and on no other file", () => {
  const names = ["predictTiled", "explainTiling", "compareStacks", "diagnoseSeams", "showRun", "repeatRun"];
  for (const name of names) {
    const entry = manifest.contributes.menus["explorer/context"].find(
      ({ command }) => command === `tilewright.${name}`,
    );
    const offered = (file: string): boolean => isOffered(entry?.when ?? "", file);
    expect(STACK_ENDINGS.filter((ending) => !offered(`a${ending}`))).toEqual([]);
    expect(["a.png", "a.ome", "a.tf3", "companion.ome", "a.tif.txt"].filter(offered)).toEqual([]);
  }
});

test("two stacks are compared from the explorer where two are selected, never where there are more", () => {
  const [entry] = manifest.contributes.menus["explorer/context"].filter(
    ({ command }) => command === "tilewright.compareStacks",
  );
  expect(entry.when).toMatch(/^\(.+\) && \(listDoubleSelection \|\| !listMultiSelection\)$/);
});

test("panels that survive a reload of the window wake the extension", () => {
  const types = [...read("extension", "diagnosisPanels.ts").matchAll(/VIEW_TYPE = "([\w.]+)"/g)];
  expect(types.map(([, type]) => `onWebviewPanel:${type}`)).toEqual(manifest.activationEvents);
});

test("types are those of the oldest VS Code that is supported, and no keys are taken", () => {
  expect(manifest.devDependencies["@types/vscode"]).toBe(manifest.engines.vscode);
  expect(manifest.contributes.keybindings).toBeUndefined();
});
