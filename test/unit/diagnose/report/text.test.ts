import { XMLParser } from "fast-xml-parser";
import { describe, expect, test } from "vitest";
import { chartSvg } from "../../../../src/diagnose/report/charts";
import { figuresOf } from "../../../../src/diagnose/report/plots";
import { reportPictures, reportText } from "../../../../src/diagnose/report/text";
import { EMPTY, HOSTILE, MARKED, manySeams } from "../../../support/diagnosis";

/** Text of a page without tags, style and pictures. */
const shownText = (html: string): string =>
  html
    .replace(/<style>[\s\S]*?<\/style>/g, "")
    .replace(/<[^>]*>/g, " ")
    .replace(/\s+/g, " ");
/** Names of all elements of a page. */
const elementsOf = (html: string): Set<string> =>
  new Set([...html.matchAll(/<([a-zA-Z!][\w-]*)/g)].map(([, name]) => name.toLowerCase()));

/** Elements that are never closed, or closed where they are not open; and attributes and texts that are no XML. */
function openElements(xml: string): string[] {
  const open: string[] = [];
  const tag = /<(?:\/([\w:]+)|([\w:]+)((?:\s+[\w:-]+="[^"<]*")*)\s*(\/?))>|([^<]+)|</g;
  for (const [all, closed, opened, attributes, isEmpty, text] of xml.matchAll(tag)) {
    if (all === "<") open.push("a bare <");
    if (/&(?!(?:amp|lt|gt|quot|#39);)/.test(`${text ?? ""}${attributes ?? ""}`)) open.push("a bare &");
    if (opened !== undefined && isEmpty === "") open.push(opened);
    if (closed !== undefined && open.pop() !== closed) return [`</${closed}>`];
  }
  return open;
}

describe("a report", () => {
  test("says verdict, mode, findings with cause, certainty, place, size, evidence, cure and command, in either format", () => {
    for (const text of [reportText(MARKED, "markdown"), shownText(reportText(MARKED, "html"))]) {
      const plain = text.replaceAll("\\", "").replaceAll("&#39;", "'");
      for (const sentence of [
        "Seam diagnosis of stack_care2d.tif",
        "Artifacts. Tiles were joined with 8 px",
        "Mode: Run record and model.",
        "1. The overlap is too small on Y",
        "Certainty: certain (follows from the plan and the network)",
        "Where: across Y; Y 56–71",
        "Magnitude: 4.1 % of the range",
        "Cure: Predict again with an overlap of 24 px",
        "tilewright predict stack.tif --model models/care2d",
        "Stitched every 64 px in Y from 0.",
        "Time points were not looked at",
        "none that was tried",
      ])
        expect(plain).toContain(sentence);
    }
  });

  test("of a stack in which nothing is to be seen is complete too", () => {
    expect(reportText(EMPTY, "markdown")).toContain("Nothing was found.");
    expect(reportText(EMPTY, "markdown")).not.toContain("![");
    expect(shownText(reportText(EMPTY, "html"))).toContain("no range");
    expect(figuresOf(EMPTY)).toEqual([]);
  });

  test("in HTML is one file that runs nothing and loads nothing, whatever the texts hold", () => {
    const html = reportText(HOSTILE, "html");
    const allowed =
      /^(!doctype|html|head|meta|title|style|body|main|h[123]|p|strong|ul|li|table|thead|tbody|tr|t[hd]|pre|code|figure|figcaption|svg|desc|rect|text|path|circle|image)$/;
    expect([...elementsOf(html)].filter((name) => !allowed.test(name))).toEqual([]);
    expect(html).toContain("&lt;script&gt;alert(1)&lt;/script&gt;");
    expect(html.match(/\b(?:href|src)="(?!data:image\/png;base64,)[^"]*"/g)).toBeNull();
    expect(html).toContain("default-src 'none'; style-src 'unsafe-inline'; img-src data:");
    expect(html).not.toMatch(/[\u0000\u202e]/);
  });

  test("in Markdown holds no markup but its own", () => {
    const text = reportText(HOSTILE, "markdown", { folder: "a (b)_files" });
    const outside = text.replace(/^(`{3,})sh\n[\s\S]*?\n\1$/gm, "");
    expect(outside).not.toMatch(/(?<!\\)<|(?<!\\)`/);
    expect(outside).not.toMatch(/(?<!\\)\[(?!.*\]\(a%20%28b%29_files\/[a-z0-9-]+\.svg\))/);
    expect([...text.matchAll(/^# /gm)]).toHaveLength(1);
    expect(text.match(/^(`{3,})sh\n.*\n\1$/gm)).toHaveLength(3);
    expect(text).not.toMatch(/[\u0000\u202e]/);
    const columns = text.split("\n").filter((line) => line.startsWith("|"));
    expect(new Set(columns.map((line) => line.split(/(?<!\\)\|/).length))).toEqual(new Set([6, 7, 9]));
  });

  test("lists the worst seams of many, and says how many there are", () => {
    const text = reportText(manySeams(1000), "markdown");
    expect(text).toContain("The 200 worst of 1000 seams.");
    expect(text.match(/^\| Y \|/gm)).toHaveLength(200);
  });

  test("refers to every picture that is written beside it, and to no other", () => {
    const text = reportText(MARKED, "markdown", { folder: "files" });
    const named = [...text.matchAll(/\]\(files\/([\w-]+)\.svg\)/g)].map(([, name]) => name);
    expect(named).toEqual(reportPictures(MARKED, []).map(({ name }) => name));
    expect(new Set(named).size).toBe(named.length);
    expect(named).toEqual([
      ...["disagreement", "overlap-error", "excess-y", "excess-x"],
      ...["slices-z", "slice-excess-z", "border-z"],
    ]);
  });
});

describe("a chart", () => {
  const parser = new XMLParser({ ignoreAttributes: false, preserveOrder: false });
  const all = [
    ...figuresOf(MARKED),
    ...figuresOf({
      ...HOSTILE,
      reference: {
        perAxis: { Z: [0.1, 0.2], Y: Array.from({ length: 5000 }, (_, i) => 1e-3 * (1 + Math.sin(i))) },
        fromSeams: { Y: [0.3, 0.1, 0] },
        fromBorders: { Y: [0.01], X: [0.02, 0.01] },
        worst: [],
        max: 0.4,
        mean: 0.01,
      },
    }),
  ];

  test.each(all.map((figure, i) => [i, figure.id, figure] as const))(
    "%i %s is well-formed, has a name and a description, and draws inside of its frame",
    (_, __, figure) => {
      const svg = chartSvg(figure);
      const { svg: root } = parser.parse(svg);
      expect(openElements(svg)).toEqual([]);
      expect(root.title).toBe(figure.title);
      expect(String(root.desc).length).toBeGreaterThan(20);
      expect(svg).not.toMatch(/NaN|Infinity|undefined|null/);
      const [width, height] = [Number(root["@_width"]), Number(root["@_height"])];
      const places = [...svg.matchAll(/[ML](-?[\d.]+) (-?[\d.]+)/g)].map(([, x, y]) => [
        Number(x),
        Number(y),
      ]);
      expect(places.length).toBeGreaterThan(0);
      for (const [x, y] of places) {
        expect(x).toBeGreaterThanOrEqual(0);
        expect(x).toBeLessThanOrEqual(width);
        expect(y).toBeGreaterThanOrEqual(0);
        expect(y).toBeLessThanOrEqual(height);
      }
    },
  );

  test("over logarithmic values puts ten times as much one step of the grid higher", () => {
    const figure = figuresOf(MARKED).find(({ id }) => id === "overlap-error");
    const values = [1e-4, 1e-3, 1e-2];
    const svg = chartSvg({
      ...figure!,
      x: [0, 1, 2],
      lines: [{ label: "a", isDashed: false, values }],
    });
    const heights = [...svg.matchAll(/<circle [^>]*cy="([\d.]+)"/g)].map(([, y]) => Number(y));
    const grid = [...svg.matchAll(/<path class="grid" d="M66 ([\d.]+)H/g)].map(([, y]) => Number(y));
    expect(heights).toEqual(grid);
  });

  test("keeps the largest and smallest of very many values", () => {
    const values = Array.from({ length: 50_000 }, (_, i) => (i === 31_234 ? 7 : i === 12_345 ? -3 : 0));
    const [figure] = figuresOf({ ...MARKED, seams: [], slices: [], probe: null, excess: { Y: values } });
    const line = /<path class="line c0" d="M([^"]+)"/.exec(chartSvg(figure))?.[1] ?? "";
    const places = line.split("L").map((place) => Number(place.split(" ")[1]));
    expect(places.length).toBeLessThan(1100);
    expect(Math.min(...places)).toBeLessThan(50);
    expect(Math.max(...places)).toBeGreaterThan(240);
  });
});
