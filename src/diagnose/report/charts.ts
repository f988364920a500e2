/**
 * Charts as SVG documents: lines, points and bars over linear or logarithmic axes, and pictures with marks. Light and
 * dark by the reader's preference; no script, no font and no file from elsewhere. Pure.
 * @module
 */
import { LEAST } from "./plots";
import type { Figure, FigureLine } from "./plots";
import { numberText } from "../words";

const WIDTH = 640;
const HEIGHT = 300;
const LEFT = 66;
const RIGHT = 14;
const TOP = 34;
const FOOT = 44;
const LEGEND_LINE = 17;
const TICK_ROOM = { x: 70, y: 40 };
/** Columns of a line with many places: smallest and largest value of each are kept. */
const MOST_COLUMNS = 500;

/** Dark and light: what lines are drawn in, in order. Told apart also by people who see fewer colours (Okabe & Ito 2008). */
const LINE_COLORS = {
  light: ["#0072b2", "#d55e00", "#00835c", "#a8517d", "#8a6d00", "#3f7fa6"],
  dark: ["#56b4e9", "#ff9d5c", "#3fd6a4", "#e69fc7", "#f0e442", "#a9d6f0"],
} as const;

/** Style of every chart; charts in one HTML page share it. */
export const CHART_STYLE = [
  ".tw{font:12px system-ui,sans-serif}",
  ".tw text{fill:#3b3b3b}.tw .quiet{fill:#6b6b6b}.tw .title{font-weight:600;font-size:13px}",
  ".tw .ground{fill:#fff}.tw .grid{stroke:#e4e4e4}.tw .frame{stroke:#a0a0a0;fill:none}",
  ".tw .mark{stroke:#8a8a8a;stroke-dasharray:4 3}.tw .edge{stroke:#d55e00;stroke-width:2}",
  ".tw .line{fill:none;stroke-width:1.6;stroke-linejoin:round}.tw .dashed{stroke-dasharray:6 4}.tw .band{opacity:.18}",
  lineStyle(LINE_COLORS.light),
  "@media (prefers-color-scheme:dark){",
  ".tw text{fill:#ccc}.tw .quiet{fill:#9d9d9d}.tw .ground{fill:#1f1f1f}.tw .grid{stroke:#3a3a3a}",
  ".tw .frame{stroke:#777}.tw .mark{stroke:#9d9d9d}.tw .edge{stroke:#ff9d5c}",
  lineStyle(LINE_COLORS.dark),
  "}",
].join("");

function lineStyle(colors: readonly string[]): string {
  return colors.map((color, i) => `.tw .c${i}{stroke:${color}}.tw .f${i}{fill:${color}}`).join("");
}

/** Text inside XML: what would be read as markup is escaped, what XML cannot hold or reorders a line is left out. */
export function xmlText(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "")
    .replace(/[\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, "")
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll("'", "&#39;");
}

/** From a value to a place on the chart. */
interface Scale {
  readonly ticks: readonly { readonly value: number; readonly text: string }[];
  at(value: number): number;
}

/** A plot as an SVG document. */
export function chartSvg(figure: Figure): string {
  const plot = { left: LEFT, right: WIDTH - RIGHT, top: TOP, bottom: HEIGHT - FOOT };
  const height = HEIGHT + figure.lines.length * LEGEND_LINE;
  const x = linearScale(extentOfX(figure), [plot.left, plot.right], TICK_ROOM.x);
  const y = figure.isLog
    ? logScale(extentOfY(figure), [plot.bottom, plot.top])
    : linearScale(extentOfY(figure), [plot.bottom, plot.top], TICK_ROOM.y);
  const parts = [
    `<text class="title" x="${LEFT}" y="18">${xmlText(figure.title)}</text>`,
    ...gridParts(x, y, plot),
    ...figure.marks.map((mark) => upright(x.at(mark), plot)),
    ...figure.lines.flatMap((line, i) => lineParts(figure, line, { i, x, y, plot })),
    `<text class="quiet" text-anchor="middle" x="${(plot.left + plot.right) / 2}" y="${HEIGHT - 8}">${xmlText(figure.xLabel)}</text>`,
    `<text class="quiet" text-anchor="middle" transform="translate(14 ${(plot.top + plot.bottom) / 2}) rotate(-90)">${xmlText(figure.yLabel)}</text>`,
    ...legendParts(figure),
  ];
  return svgDocument({ width: WIDTH, height, title: figure.title, description: figure.description }, parts);
}

/** A picture and the planes across it that are to be seen. */
export interface MarkedPicture {
  readonly title: string;
  readonly description: string;
  /** px of the picture. */
  readonly width: number;
  readonly height: number;
  /** Bytes of a PNG file as base64. */
  readonly png: string;
  /** Screen px per px. */
  readonly zoom: number;
  /** Planes between two px, from the picture's left or top, with what stands beside them. */
  readonly marks: readonly { readonly axis: "x" | "y"; readonly at: number; readonly text: string }[];
}

/** A picture with marks beside it, so that what is marked can be seen. */
export function pictureSvg({ width, height, zoom, marks, png, title, description }: MarkedPicture): string {
  const frame = { left: 70, top: 44, width: width * zoom, height: height * zoom };
  const { left, top } = frame;
  const parts = [
    `<text class="title" x="8" y="18">${xmlText(title)}</text>`,
    `<image x="${left}" y="${top}" width="${frame.width}" height="${frame.height}" preserveAspectRatio="none" style="image-rendering:pixelated" href="data:image/png;base64,${png}"/>`,
    ...marks.flatMap(({ axis, at, text }) => {
      if (axis === "x") {
        const x = left + at * zoom;
        return [
          `<path class="edge" d="M${x} ${top - 9}V${top - 2}M${x} ${top + frame.height + 2}V${top + frame.height + 9}"/>`,
          `<text class="quiet" text-anchor="middle" x="${x}" y="${top - 12}">${xmlText(text)}</text>`,
        ];
      }
      const y = top + at * zoom;
      return [
        `<path class="edge" d="M${left - 9} ${y}H${left - 2}M${left + frame.width + 2} ${y}H${left + frame.width + 9}"/>`,
        `<text class="quiet" text-anchor="end" x="${left - 12}" y="${y + 4}">${xmlText(text)}</text>`,
      ];
    }),
  ];
  const size = { width: Math.max(360, left + frame.width + 20), height: top + frame.height + 16 };
  return svgDocument({ ...size, title, description }, parts);
}

interface Page {
  readonly width: number;
  readonly height: number;
  readonly title: string;
  readonly description: string;
}

function svgDocument({ width, height, title, description }: Page, parts: readonly string[]): string {
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" class="tw" role="img" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}">`,
    `<title>${xmlText(title)}</title><desc>${xmlText(description)}</desc>`,
    `<style>${CHART_STYLE}</style>`,
    `<rect class="ground" width="${width}" height="${height}"/>`,
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

interface Plot {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
}

function gridParts(x: Scale, y: Scale, { left, right, top, bottom }: Plot): string[] {
  return [
    ...x.ticks.map(({ value, text }) => {
      const at = px(x.at(value));
      return `<path class="grid" d="M${at} ${top}V${bottom}"/><text class="quiet" text-anchor="middle" x="${at}" y="${bottom + 16}">${text}</text>`;
    }),
    ...y.ticks.map(({ value, text }) => {
      const at = px(y.at(value));
      return `<path class="grid" d="M${left} ${at}H${right}"/><text class="quiet" text-anchor="end" x="${left - 6}" y="${Number(at) + 4}">${text}</text>`;
    }),
    `<rect class="frame" x="${left}" y="${top}" width="${right - left}" height="${bottom - top}"/>`,
  ];
}

const upright = (at: number, { top, bottom }: Plot): string =>
  `<path class="mark" d="M${px(at)} ${top}V${bottom}"/>`;

interface Place {
  readonly i: number;
  readonly x: Scale;
  readonly y: Scale;
  readonly plot: Plot;
}

function lineParts(figure: Figure, line: FigureLine, { i, x, y, plot }: Place): string[] {
  const color = i % LINE_COLORS.light.length;
  const at = (index: number, value: number): string => `${px(x.at(figure.x[index]))} ${px(y.at(value))}`;
  if (figure.kind === "bars") return barParts(figure, line, { i: color, x, y, plot });
  const dashed = line.isDashed ? " dashed" : "";
  const band = line.band;
  const ends =
    band === undefined
      ? []
      : runsOf(band.low).map((run) => {
          const upper = run.map((index) => at(index, band.high[index] ?? 0));
          const lower = [...run].reverse().map((index) => at(index, band.low[index] ?? 0));
          return `<path class="band f${color}" d="M${[...upper, ...lower].join("L")}Z"/>`;
        });
  const path = runsOf(line.values)
    .map((run) => thin(run, line.values))
    .map((run) => `M${run.map((index) => at(index, line.values[index] ?? 0)).join("L")}`)
    .join("");
  const hasDots = figure.kind === "points" || runsOf(line.values).every((run) => run.length === 1);
  const dots = hasDots
    ? line.values.flatMap((value, index) => {
        if (value === null) return [];
        const [cx, cy] = at(index, value).split(" ");
        return [`<circle class="f${color}" cx="${cx}" cy="${cy}" r="3"/>`];
      })
    : [];
  return [...ends, ...(path === "" ? [] : [`<path class="line c${color}${dashed}" d="${path}"/>`]), ...dots];
}

function barParts(figure: Figure, line: FigureLine, { i, x, y, plot }: Place): string[] {
  const step = (plot.right - plot.left) / Math.max(1, figure.x.length);
  const width = Math.max(1, Math.min(40, step * 0.8));
  const base = figure.isLog ? plot.bottom : y.at(0);
  const path = line.values.flatMap((value, index) => {
    if (value === null || !Number.isFinite(value)) return [];
    const left = x.at(figure.x[index]) - width / 2;
    return [`M${px(left)} ${px(base)}V${px(y.at(value))}h${px(width)}V${px(base)}Z`];
  });
  return [`<path class="f${i}" d="${path.join("")}"/>`];
}

function legendParts(figure: Figure): string[] {
  return figure.lines.map(({ label, isDashed }, i) => {
    const y = HEIGHT + i * LEGEND_LINE + 5;
    const color = i % LINE_COLORS.light.length;
    const swatch =
      figure.kind === "bars"
        ? `<rect class="f${color}" x="${LEFT}" y="${y - 5}" width="22" height="9"/>`
        : `<path class="line c${color}${isDashed ? " dashed" : ""}" d="M${LEFT} ${y}h22"/>`;
    return `${swatch}<text x="${LEFT + 30}" y="${y + 4}">${xmlText(label)}</text>`;
  });
}

/** Indices of values that stand beside each other without a gap. */
function runsOf(values: readonly (number | null)[]): number[][] {
  const runs: number[][] = [];
  let run: number[] = [];
  for (const [index, value] of values.entries()) {
    if (value !== null && Number.isFinite(value)) run.push(index);
    else if (run.length > 0) {
      runs.push(run);
      run = [];
    }
  }
  return run.length > 0 ? [...runs, run] : runs;
}

/** Of many places the smallest and the largest value of each column, in their order. */
function thin(run: readonly number[], values: readonly (number | null)[]): readonly number[] {
  if (run.length <= 2 * MOST_COLUMNS) return run;
  const kept: number[] = [];
  const size = run.length / MOST_COLUMNS;
  for (let column = 0; column < MOST_COLUMNS; column++) {
    const part = run.slice(Math.floor(column * size), Math.floor((column + 1) * size));
    const value = (index: number): number => values[index] ?? 0;
    const low = part.reduce((best, index) => (value(index) < value(best) ? index : best), part[0]);
    const high = part.reduce((best, index) => (value(index) > value(best) ? index : best), part[0]);
    kept.push(Math.min(low, high), ...(low === high ? [] : [Math.max(low, high)]));
  }
  return kept;
}

type Extent = readonly [low: number, high: number];

function extentOf(values: Iterable<number | null>): Extent {
  let [low, high] = [Infinity, -Infinity];
  for (const value of values) {
    if (value === null || !Number.isFinite(value)) continue;
    low = Math.min(low, value);
    high = Math.max(high, value);
  }
  return low <= high ? [low, high] : [0, 1];
}

function extentOfX({ x, kind }: Figure): Extent {
  const [low, high] = extentOf(x);
  const room = kind === "bars" ? 0.5 : low === high ? 0.5 : kind === "points" ? (high - low) * 0.03 : 0;
  return [low - room, high + room];
}

function extentOfY({ lines, isLog, kind }: Figure): Extent {
  const bands = lines.flatMap(({ band }) =>
    band === undefined ? [] : [extentOf(band.low), extentOf(band.high)],
  );
  const [low, high] = extentOf([...lines.map(({ values }) => extentOf(values)), ...bands].flat());
  if (isLog) return [Math.max(LEAST, low), Math.max(LEAST, high)];
  const [from, to] = kind === "bars" ? [Math.min(0, low), Math.max(0, high)] : [low, high];
  const room = to > from ? (to - from) * 0.05 : Math.max(1e-12, Math.abs(to) * 0.05);
  return [from - (kind === "bars" && from === 0 ? 0 : room), to + room];
}

/** Ticks at 1, 2 or 5 times a power of ten. */
function linearScale([low, high]: Extent, [from, to]: Extent, room: number): Scale {
  const span = high - low || 1;
  const count = Math.max(2, Math.floor(Math.abs(to - from) / room));
  const power = 10 ** Math.floor(Math.log10(span / count));
  const step = [1, 2, 5, 10].map((by) => by * power).find((size) => span / size <= count) ?? 10 * power;
  const ticks = [];
  for (let n = Math.ceil(low / step); n * step <= high && ticks.length < 50; n++)
    ticks.push({ value: n * step, text: numberText(Number((n * step).toPrecision(12))) });
  return { ticks, at: (value) => from + ((value - low) / span) * (to - from) };
}

/** Ticks at powers of ten, at most eight. */
function logScale(extent: Extent, [from, to]: Extent): Scale {
  const low = Math.floor(Math.log10(extent[0]));
  const high = Math.max(low + 1, Math.ceil(Math.log10(extent[1])));
  const step = Math.ceil((high - low) / 8);
  const ticks = [];
  for (let power = low; power <= high; power += step)
    ticks.push({ value: 10 ** power, text: `1e${String(power).replace("-", "−")}` });
  const place = (value: number): number => (Math.log10(Math.max(value, 10 ** low)) - low) / (high - low);
  return { ticks, at: (value) => from + place(value) * (to - from) };
}

const px = (value: number): string => String(Number(value.toFixed(2)));
