/**
 * A plot of one or more lines, in the colours of the theme. The only file that knows uPlot, besides its style sheet.
 * @module
 */
import uPlot from "uplot";
import { TilewrightError } from "../../src/errors";
import { element } from "../dom";
import { formatValue } from "../texts";
import { onThemeChange, pageColors, readableOn } from "../theme";
import type { PageColors } from "../theme";

/** One line of a plot. */
export interface PlotLine {
  readonly label: string;
  /** `#rrggbb`; made readable on the ground. */
  readonly color: string;
  readonly isDashed: boolean;
  /** One value for each place; what is not finite leaves a gap. */
  readonly values: ArrayLike<number>;
  /** Ends of a shaded band around the line. */
  readonly band?: { readonly low: ArrayLike<number>; readonly high: ArrayLike<number> };
}

/** What is plotted. */
export interface PlotContent {
  /** Ascending. */
  readonly x: readonly number[];
  readonly xLabel: string;
  readonly lines: readonly PlotLine[];
  /** Where an upright line stands. */
  readonly marker: number | null;
  /** Where quieter upright lines stand, such as seams. */
  readonly marks?: readonly number[];
  readonly yLabel?: string;
  /** Whether places are whole px or planes, between which nothing lies. */
  readonly hasWholeX?: boolean;
  /** Values by their logarithm; all are above 0 then. */
  readonly isLog?: boolean;
  /** Default: lines. */
  readonly kind?: "lines" | "points" | "bars";
}

const HEIGHT = 180;
const FONT = "11px system-ui, sans-serif";
const LEGEND_LINE = 18;
const WHOLE = Array.from({ length: 10 }, (_, power) => [1, 2, 5].map((by) => by * 10 ** power)).flat();
/** uPlot's name for it exists only in its types. */
const LOGARITHMIC: object = { distr: 3 };

/** A plot with its legend, which tells the values under the pointer. */
export class Plot {
  readonly element: HTMLElement;
  readonly #box = element("div", { class: "plot" });
  readonly #legend = element("div", { class: "legend" });
  readonly #observer: ResizeObserver;
  readonly #endTheme: () => void;
  #plot: uPlot | null = null;
  #content: PlotContent | null = null;
  #form = "";

  constructor(id: string, label: string) {
    this.#box.setAttribute("role", "img");
    this.#box.setAttribute("aria-label", label);
    this.element = element("div", { id }, this.#box, this.#legend);
    this.#observer = new ResizeObserver(() => this.#fit());
    this.#observer.observe(this.#box);
    this.#endTheme = onThemeChange(() => {
      if (this.#content !== null) this.#build(this.#content);
    });
  }

  show(content: PlotContent): void {
    this.#content = content;
    const form = JSON.stringify([
      [content.xLabel, content.yLabel, content.isLog, content.kind],
      content.lines.map(({ label, color, isDashed, band }) => [label, color, isDashed, band !== undefined]),
    ]);
    if (this.#plot === null || form !== this.#form) {
      this.#form = form;
      this.#build(content);
    } else this.#plot.setData(dataOf(content));
    this.#showValues(null);
  }

  /** The plot with a title and its legend as a PNG. */
  async png(title: string): Promise<Uint8Array> {
    const blob = await new Promise<Blob | null>((resolve) =>
      this.#picture(title).toBlob(resolve, "image/png"),
    );
    if (blob === null) throw new TilewrightError("viewer.export", "the plot could not be made into a PNG");
    return new Uint8Array(await blob.arrayBuffer());
  }

  dispose(): void {
    this.#observer.disconnect();
    this.#endTheme();
    this.#plot?.destroy();
  }

  #fit(): void {
    const width = this.#box.clientWidth;
    if (this.#plot !== null && width > 0 && width !== this.#plot.width)
      this.#plot.setSize({ width, height: HEIGHT });
  }

  #build(content: PlotContent): void {
    this.#plot?.destroy();
    const width = Math.max(120, this.#box.clientWidth);
    const hooks: uPlot.Hooks.Arrays = {
      setCursor: [({ cursor }) => this.#showValues(cursor.idx ?? null)],
      drawClear: [(plot) => this.#drawMarks(plot)],
      draw: [(plot) => this.#drawMarker(plot)],
    };
    this.#plot = new uPlot({ ...optionsOf(content, width), hooks }, dataOf(content), this.#box);
    this.#showLegend(content);
  }

  #showLegend({ lines }: PlotContent): void {
    const colors = pageColors();
    this.#legend.replaceChildren(
      ...lines.map(({ label, color, isDashed }) => {
        const swatch = element("span", { class: isDashed ? "swatch dashed" : "swatch" });
        swatch.style.borderTopColor = readableOn(color, colors);
        return element("div", {}, swatch, element("span", {}, label), element("output", {}, ""));
      }),
    );
  }

  #showValues(index: number | null): void {
    const content = this.#content;
    if (content === null) return;
    for (const [row, { values }] of content.lines.entries()) {
      const output = this.#legend.children[row]?.querySelector("output");
      const value = index === null ? Number.NaN : (values[index] ?? Number.NaN);
      if (output === null || output === undefined) continue;
      output.textContent =
        index === null ? "" : Number.isFinite(value) ? formatValue(Number(value.toPrecision(6))) : "–";
    }
  }

  #drawMarker(plot: uPlot): void {
    const marker = this.#content?.marker ?? null;
    if (marker !== null) drawUprights(plot, [marker], [4, 4]);
  }

  #drawMarks(plot: uPlot): void {
    drawUprights(plot, this.#content?.marks ?? [], [2, 3]);
  }

  #picture(title: string): HTMLCanvasElement {
    const lines = this.#content?.lines ?? [];
    const source = this.#plot?.ctx.canvas ?? (element("canvas") as HTMLCanvasElement);
    const ratio = source.width / Math.max(1, this.#plot?.width ?? 1);
    const copy = element("canvas") as HTMLCanvasElement;
    copy.width = source.width;
    copy.height = source.height + Math.round((lines.length + 1.5) * LEGEND_LINE * ratio);
    const context = copy.getContext("2d");
    if (context === null) return copy;
    const colors = pageColors();
    context.fillStyle = colors.ground;
    context.fillRect(0, 0, copy.width, copy.height);
    context.drawImage(source, 0, LEGEND_LINE * ratio);
    context.scale(ratio, ratio);
    context.font = FONT;
    context.textBaseline = "middle";
    context.fillStyle = colors.text;
    context.fillText(title, 8, LEGEND_LINE / 2, copy.width / ratio - 16);
    for (const [row, { label, color, isDashed }] of lines.entries()) {
      const y = source.height / ratio + (row + 1.5) * LEGEND_LINE;
      context.strokeStyle = readableOn(color, colors);
      context.lineWidth = 2;
      context.setLineDash(isDashed ? [4, 3] : []);
      context.beginPath();
      context.moveTo(8, y);
      context.lineTo(28, y);
      context.stroke();
      context.fillText(label, 34, y, copy.width / ratio - 42);
    }
    return copy;
  }
}

function drawUprights(plot: uPlot, places: readonly number[], dash: number[]): void {
  const { top, height } = plot.bbox;
  plot.ctx.save();
  plot.ctx.strokeStyle = pageColors().quiet;
  plot.ctx.setLineDash(dash);
  plot.ctx.beginPath();
  for (const place of places) {
    const x = Math.round(plot.valToPos(place, "x", true)) + 0.5;
    plot.ctx.moveTo(x, top);
    plot.ctx.lineTo(x, top + height);
  }
  plot.ctx.stroke();
  plot.ctx.restore();
}

function dataOf({ x, lines }: PlotContent): uPlot.AlignedData {
  const column = (values: ArrayLike<number>): (number | null)[] =>
    x.map((_, index) => {
      const value = values[index] ?? Number.NaN;
      return Number.isFinite(value) ? value : null;
    });
  return [
    [...x],
    ...lines.flatMap(({ values, band }) =>
      band === undefined ? [column(values)] : [column(values), column(band.high), column(band.low)],
    ),
  ];
}

/** How the values of a plot are drawn. */
function drawnAs(kind: PlotContent["kind"], stroke: string): Partial<uPlot.Series> {
  if (kind === "points") return { points: { show: true, size: 6, fill: stroke } };
  if (kind !== "bars" || uPlot.paths.bars === undefined) return { points: { show: false } };
  return { points: { show: false }, fill: stroke, paths: uPlot.paths.bars({ size: [0.8, 40] }) };
}

/** Powers of ten, by their exponents. */
function powersOnly({ grid }: PageColors): uPlot.Axis {
  const isPower = (value: number): boolean =>
    Math.abs(Math.log10(value) - Math.round(Math.log10(value))) < 1e-6;
  const filter = (_: uPlot, splits: number[]): (number | null)[] =>
    splits.map((value) => (isPower(value) ? value : null));
  return {
    filter,
    grid: { stroke: grid, width: 1, filter },
    ticks: { stroke: grid, width: 1, size: 4, filter },
    values: (_, splits) =>
      splits.map((value: number | null) =>
        value === null ? "" : `1e${String(Math.round(Math.log10(value))).replace("-", "−")}`,
      ),
  };
}

function optionsOf(content: PlotContent, width: number): uPlot.Options {
  const { xLabel, yLabel, lines, isLog = false, hasWholeX = false, kind } = content;
  const colors = pageColors();
  const axis = (more: uPlot.Axis): uPlot.Axis => ({
    stroke: colors.text,
    font: FONT,
    labelFont: FONT,
    grid: { stroke: colors.grid, width: 1 },
    ticks: { stroke: colors.grid, width: 1, size: 4 },
    gap: 3,
    values: (_, splits) => splits.map((value) => formatValue(Number(value.toPrecision(6)))),
    ...more,
  });
  const series: uPlot.Series[] = [{}];
  const bands: uPlot.Band[] = [];
  for (const { label, color, isDashed, band } of lines) {
    const stroke = readableOn(color, colors);
    series.push({
      label,
      stroke,
      width: 1.5,
      ...drawnAs(kind, stroke),
      ...(isDashed ? { dash: [5, 4] } : {}),
    });
    if (band === undefined) continue;
    const edge = { stroke: "transparent", width: 0, points: { show: false } };
    bands.push({
      series: [series.length, series.length + 1],
      fill: stroke.replace(/^rgb\((.*)\)$/, "rgba($1, 0.2)"),
    });
    series.push(edge, edge);
  }
  return {
    width,
    height: HEIGHT,
    padding: [8, 8, 0, 0],
    legend: { show: false },
    cursor: { drag: { x: false, y: false }, points: { size: 6 } },
    scales: { x: { time: false, ...xRange(kind) }, y: yScale(content) },
    axes: [
      axis({ label: xLabel, labelSize: 16, size: 26, space: 45, ...(hasWholeX ? { incrs: WHOLE } : {}) }),
      axis({
        size: (_, values) => 12 + 6.2 * Math.max(1, ...(values ?? []).map(({ length }) => length)),
        ...(yLabel === undefined ? {} : { label: yLabel, labelSize: 14 }),
        ...(isLog ? powersOnly(colors) : {}),
      }),
    ],
    series,
    bands,
  };
}

/** Room for the first and the last bar or point. */
function xRange(kind: PlotContent["kind"]): uPlot.Scale {
  if (kind === "bars") return { range: (_, low, high) => [low - 0.5, high + 0.5] };
  if (kind === "points")
    return { range: (_, low, high) => [low - (high - low) / 40, high + (high - low) / 40] };
  return {};
}

/** Logarithmic scales show whole powers of ten, bars stand on 0. */
function yScale({ isLog, kind }: PlotContent): uPlot.Scale {
  if (isLog === true) {
    return {
      ...(LOGARITHMIC as uPlot.Scale),
      range: (_, low, high) => {
        const [from, to] = [Math.floor(Math.log10(low)), Math.ceil(Math.log10(high))];
        return [10 ** from, 10 ** Math.max(from + 1, to)];
      },
    };
  }
  if (kind !== "bars") return {};
  return {
    range: (_, low, high) => {
      const room = 0.05 * (Math.max(0, high) - Math.min(0, low)) || 1;
      return [low < 0 ? low - room : 0, Math.max(0, high) + room];
    },
  };
}
