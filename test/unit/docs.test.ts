import { existsSync, readFileSync, readdirSync } from "node:fs";
import { join, resolve, dirname, relative } from "node:path";
import { Command } from "commander";
import { afterAll, describe, expect, test } from "vitest";
import { builtinRegistries } from "../../src/builtins";
import { addInspectionCommands } from "../../src/cli/inspect";
import { addDiagnosisCommand } from "../../src/cli/diagnose";
import { addPredictionCommands } from "../../src/cli/predicting";
import { failureLine, toFailure } from "../../src/errors";
import { quietJob } from "../../src/job";
import { analyseNetwork } from "../../src/network/analysis";
import { describePlan } from "../../src/predict/describe";
import { openTiff } from "../../src/stack/tiff/read";
import { wholeRegion } from "../../src/volume/region";
import { careOverlap } from "../../src/tiling/careOverlap";
import { careUnet } from "../support/networks";
import { CARE_3D, predictHere, readStack, SAMPLE, temporaryFolder } from "../support/prediction";
import { KEY_TABLE } from "../../webview/keys";
import { keyName } from "../../webview/panels/keyNames";
import { CountingSource, makeTiff } from "../support/tiff";
import type { PageSpec } from "../support/tiff";

const ROOT = join(import.meta.dirname, "../..");
const read = (path: string): string => readFileSync(join(ROOT, path), "utf8");
const markdownIn = (folder: string): string[] =>
  readdirSync(join(ROOT, folder))
    .filter((name) => name.endsWith(".md"))
    .map((name) => join(folder, name).replaceAll("\\", "/"));
const DOCUMENTS = [
  ...markdownIn("."),
  ...markdownIn("docs"),
  ...markdownIn("docs/decisions"),
  "media/sample/README.md",
];

interface Property {
  readonly default: unknown;
}
interface Manifest {
  readonly scripts: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
  readonly devDependencies: Readonly<Record<string, string>>;
  readonly contributes: {
    readonly commands: readonly { readonly title: string; readonly category: string }[];
    readonly configuration: readonly { readonly properties: Readonly<Record<string, Property>> }[];
  };
}
const manifest = JSON.parse(read("package.json")) as Manifest;

/** Cells of the table rows that begin with a code span, without the marks around them. */
function rowsOf(text: string): string[][] {
  return [...text.matchAll(/^\|(.+)\|$/gm)]
    .map(([, row]) => row.split(/(?<!\\)\|/).map((cell) => cell.trim()))
    .filter(([first]) => first.startsWith("`"));
}
const bare = (cell: string): string => cell.replace(/^`|`$/g, "");
/** Text between two headings. */
function section(text: string, title: string): string {
  const [, after] = text.split(new RegExp(`^#+ ${title}$`, "m"));
  expect(after, title).toBeDefined();
  return after.split(/^#+ /m)[0];
}
/** GitHub's anchor of a heading. */
const anchorOf = (heading: string): string =>
  heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N} _-]/gu, "")
    .replaceAll(" ", "-");

const folder = temporaryFolder();
afterAll(() => folder.dispose());

describe("every document", () => {
  test.each(DOCUMENTS)("%s links to what exists", (document) => {
    const text = read(document).replace(/^```[\s\S]*?^```$/gm, "");
    const missing = [...text.matchAll(/\]\(([^)\s]+)\)/g)]
      .map(([, target]) => target)
      .filter((target) => !/^https?:/.test(target))
      .filter((target) => {
        const [path, anchor] = target.split("#");
        const file = path === "" ? join(ROOT, document) : resolve(ROOT, dirname(document), path);
        if (!existsSync(file)) return true;
        if (anchor === undefined) return false;
        const headings = [...readFileSync(file, "utf8").matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
          anchorOf(heading),
        );
        return !headings.includes(anchor);
      });
    expect(missing).toEqual([]);
  });

  test.each(DOCUMENTS)("%s names files of the repository that exist", (document) => {
    const paths = [
      ...read(document).matchAll(/`((?:src|test|tools|docs|extension|webview|media|bench)\/[\w./-]+)`/g),
    ];
    const missing = paths.map(([, path]) => path).filter((path) => !existsSync(join(ROOT, path)));
    expect(missing).toEqual([]);
  });

  test.each(DOCUMENTS)("%s holds no path of a machine and no leftover mark", (document) => {
    expect(read(document).match(/\/(work|home|root|Users)\/|@[A-Z]{4,}@|TODO|FIXME/g) ?? []).toEqual([]);
  });
});

test("tests that are named exist", () => {
  const missing: string[] = [];
  let named = 0;
  for (const document of DOCUMENTS) {
    const text = read(document).replace(/\s+/g, " ");
    for (const [, path, title] of text.matchAll(/`(test\/[\w./-]+\.test\.m?ts)` "([^"]+)"/g)) {
      named++;
      if (!existsSync(join(ROOT, path)) || !read(path).includes(title))
        missing.push(`${document}: ${path} "${title}"`);
    }
  }
  expect(missing).toEqual([]);
  expect(named).toBeGreaterThan(25);
});

describe("commands", () => {
  const program = new Command("tilewright");
  addInspectionCommands(program);
  addPredictionCommands(program);
  addDiagnosisCommand(program);
  const legs = [...read("tools/test.mjs").matchAll(/^ {2}(\w+): \{$|^ {2}(\w+): \{ about/gm)].map(
    ([, a, b]) => a ?? b,
  );

  /** Command lines of a document: lines of shell blocks, and code spans. */
  function linesOf(text: string): string[] {
    const blocks = [...text.matchAll(/^```(?:sh|console|)\n([\s\S]*?)^```$/gm)].flatMap(([, block]) =>
      block.split("\n").map((line) => line.replace(/^\$ /, "")),
    );
    const spans = [...text.replace(/^```[\s\S]*?^```$/gm, "").matchAll(/`([^`\n]+)`/g)].map(
      ([, span]) => span,
    );
    return [...blocks, ...spans].filter((line) => /^(npm|npx|node|tilewright) /.test(line));
  }

  /** What is wrong with a command line; empty when nothing is. */
  function faults(line: string): string[] {
    const words = line.split(/\s+/);
    if (words[0] === "npm") return npmFaults(words);
    const isOurs = words[0] === "tilewright" || words[1] === "dist/cli.cjs";
    if (!isOurs || words.length < 3 - Number(words[0] === "tilewright")) return [];
    const [name, ...rest] = words.slice(words[0] === "tilewright" ? 1 : 2);
    const command = program.commands.find((one) => one.name() === name);
    if (command === undefined) return [`there is no command ${name}`];
    const flags = ["--help", ...command.options.map(({ long }) => long)];
    return rest
      .filter((word) => word.startsWith("--") && !flags.includes(word))
      .map((flag) => `${name} has no ${flag}`);
  }

  function npmFaults([, verb, ...rest]: string[]): string[] {
    if (verb === "run")
      return manifest.scripts[rest[0]] === undefined ? [`there is no script ${rest[0]}`] : [];
    const given = rest.slice(1);
    if (verb === "test" && rest.length > 0)
      return legs.includes(given[0]) ? [] : [`there is no leg ${given[0]}`];
    const options = given.filter((word) => word.startsWith("--"));
    return verb === "start"
      ? options.filter(
          (flag) =>
            !read("tools/start.mjs").includes(`"${flag.slice(2)}"`) &&
            !read("tools/start.mjs").includes(`${flag.slice(2)}: {`),
        )
      : [];
  }

  test.each(DOCUMENTS)("of %s exist, with their flags", (document) => {
    const found = linesOf(read(document)).flatMap((line) => faults(line).map((fault) => `${line}: ${fault}`));
    expect(found).toEqual([]);
  });

  test("that do not exist are found", () => {
    expect(faults("node dist/cli.cjs predict a.tif --model m --out o --halo 3")).toEqual([
      "predict has no --halo",
    ]);
    expect(faults("tilewright guess")).toEqual(["there is no command guess"]);
    expect(faults("npm run nothing")).toHaveLength(1);
    expect(faults("npm test -- everything")).toHaveLength(1);
    expect(faults("npm start -- --cloud")).toHaveLength(1);
  });

  test("of the README are more than a few", () =>
    expect(linesOf(read("README.md")).length).toBeGreaterThan(12));

  test("and legs that CONTRIBUTING lists are those of package.json and of npm test", () => {
    const text = read("CONTRIBUTING.md");
    const scripts = rowsOf(section(text, "Commands")).map(([command]) =>
      bare(command).replace(/^npm (run )?/, ""),
    );
    expect(scripts.sort()).toEqual(Object.keys(manifest.scripts).sort());
    expect(rowsOf(section(text, "Tests")).map(([leg]) => bare(leg))).toEqual(legs);
  });

  test("of the palette are named as in the manifest", () => {
    const titles = manifest.contributes.commands.map(({ category, title }) => `${category}: ${title}`);
    const named = new Set(
      [...read("README.md").matchAll(/\*\*(Tilewright: [^*]+)\*\*/g)].map(([, title]) => title),
    );
    expect([...named].sort()).toEqual([...titles].sort());
  });
});

test("the settings of the README are those of package.json, with their defaults", () => {
  const properties = Object.assign(
    {},
    ...manifest.contributes.configuration.map((part) => part.properties),
  ) as Record<string, Property>;
  const listed = rowsOf(section(read("README.md"), "Settings")).map(([name, value]) => [
    bare(name),
    JSON.parse(bare(value)),
  ]);
  expect(Object.fromEntries(listed)).toEqual(
    Object.fromEntries(Object.entries(properties).map(([name, property]) => [name, property.default])),
  );
});

test("every dependency has a row in the decision about them, with its version and licence", () => {
  const text = read("docs/decisions/0001-dependencies.md");
  const rows = Object.fromEntries(
    rowsOf(text).map(([name, version, licence]) => [bare(name), { version: bare(version), licence }]),
  );
  expect(Object.keys(rows).sort()).toEqual(
    [...Object.keys(manifest.dependencies), ...Object.keys(manifest.devDependencies)].sort(),
  );
  for (const [name, { version, licence }] of Object.entries(rows)) {
    const installed = JSON.parse(read(`node_modules/${name}/package.json`)) as {
      version: string;
      license: string;
    };
    expect(installed.version.startsWith(version), `${name} ${version}`).toBe(true);
    if (!installed.license.startsWith("SEE ")) expect(licence, name).toBe(installed.license);
  }
});

test("the plan in the README is what the command prints", async () => {
  const [, line, printed] = /^```console\n\$ (.+)\n([\s\S]+?)\n```$/m.exec(read("README.md")) ?? [];
  expect(line).toBe(
    "node dist/cli.cjs plan --shape 31,1024,1024 --axes ZYX --tiles 1,3,4 --model media/sample/models/care3d",
  );
  const request = { shape: [31, 1024, 1024], axes: "ZYX", model: CARE_3D, options: { tiles: "1,3,4" } };
  const { text } = await describePlan(request, builtinRegistries(), quietJob());
  expect(printed.split("\n").map((row) => row.trimEnd())).toEqual(
    text.split("\n").map((row) => row.trimEnd()),
  );
});

test("the seam that the README shows is there, and gone with the network's own overlap", async () => {
  const stack = join(SAMPLE, "stack.tif");
  const [whole, seams, exact] = ["whole", "seams", "exact"].map((name) => join(folder.path, `${name}.tif`));
  await predictHere(stack, CARE_3D, whole, { untiled: true });
  await predictHere(stack, CARE_3D, seams, { tiles: "1,3,4", overlap: "8" });
  await predictHere(stack, CARE_3D, exact, { tiles: "1,3,4" });
  const reference = (await readStack(whole)).data;
  const worst = async (path: string): Promise<number> => {
    const { data } = await readStack(path);
    let most = 0;
    for (let i = 0; i < data.length; i++) most = Math.max(most, Math.abs(data[i] - reference[i]));
    return most;
  };
  const quoted = Number(/max \|A−B\| +([\d.]+) \(/.exec(read("README.md"))?.[1]);
  expect(Math.abs((await worst(seams)) / quoted - 1)).toBeLessThan(0.01);
  expect(await worst(exact)).toBeLessThan(0.001);
});

test("the sentences about files that cannot be read are those of the reader", async () => {
  const quoted = /^```text\n([\s\S]+?)^```$/m.exec(read("README.md"))?.[1].trim().split("\n") ?? [];
  const page: PageSpec = { width: 16, height: 12, bits: 8, value: () => 1 };
  const refused: Partial<PageSpec>[] = [
    ...[2, 3, 4, 6, 34_676, 34_677, 34_887, 34_892, 34_933, 34_934, 50_002].map((compression) => ({
      compression,
    })),
    { compression: 7, bits: 12 },
    { compression: 34_712, samples: 4 },
    { bits: 32, entries: [[339, 3, [6]]] },
    { samples: 2, entries: [[258, 3, [8, 16]]] },
    { compression: 5, bits: 12, predictor: 2 },
    { compression: 8, entries: [[279, 4, [0]]] },
    { bits: 64, kind: "complex" },
  ];
  const said: string[] = [];
  for (const wrong of refused) {
    const source = new CountingSource(makeTiff([{ ...page, ...wrong }]));
    const error: unknown = await openTiff(source, quietJob())
      .then((stack) => stack.read(wholeRegion(stack.facts.canonicalShape), quietJob()))
      .then(
        () => null,
        (reason: unknown) => reason,
      );
    said.push(failureLine(toFailure(error)).replace(source.name, "scan.tif"));
  }
  expect(quoted).toEqual(said);
});

test("the counts of golden cases in the README are those of the files", () => {
  const { cases } = JSON.parse(read("test/golden/csbdeep/index.json")) as {
    cases: { nTiles: number[] | null }[];
  };
  const tiled = cases.filter(({ nTiles }) => nTiles !== null).length;
  expect(read("README.md").replace(/\s+/g, " ")).toContain(
    `equal ${cases.length} predictions by CSBDeep itself within 1e-5 of the output range, ${tiled} of them tiled`,
  );
});

test("the table of contexts in docs/numerics.md is what the analysis and CSBDeep's table give", () => {
  const rows = [...section(read("docs/numerics.md"), "Context").matchAll(/^\| (\d[\d |]+)\|$/gm)].map(
    ([, row]) => row.split("|").map(Number),
  );
  expect(rows.length).toBeGreaterThanOrEqual(6);
  for (const [depth, kernel, ...figures] of rows) {
    const { block, context } = analyseNetwork(careUnet({ depth, kernel }));
    const { left, right, aligned } = context[0];
    expect(left).toBe(right);
    const overlap = Math.ceil(aligned / block[0]) * block[0];
    expect(figures, `depth ${depth}, kernel ${kernel}`).toEqual([
      block[0],
      left,
      aligned,
      careOverlap({ depth, kernel }),
      overlap,
    ]);
  }
});

test("decisions are numbered without gaps or doubles", () => {
  const numbers = markdownIn("docs/decisions").map((path) =>
    Number(relative("docs/decisions", path).slice(0, 4)),
  );
  expect(numbers.sort((a, b) => a - b)).toEqual(numbers.map((_, i) => i + 1));
});

test("the key table of docs/viewer.md is that of the viewer", () => {
  const wanted = Object.values(KEY_TABLE)
    .flat()
    .map(({ keys, does }) => [keys.map((key) => `\`${keyName(key)}\``).join(" "), does]);
  expect(rowsOf(section(read("docs/viewer.md"), "Keys"))).toEqual(wanted);
});
