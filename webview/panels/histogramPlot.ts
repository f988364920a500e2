/**
 * A histogram with the curve from values to brightness, and a bar of the colours that the values get.
 * @module
 */
import uPlot from "uplot";
import type { Histogram } from "../../src/protocol/viewer";
import { element } from "../dom";
import type { Lut } from "../draw/luts";
import { levelOf } from "../draw/renderer";
import type { Scale } from "../draw/renderer";
import { barHeights, valueAt } from "./contrastScale";
import type { ValueAxis } from "./contrastScale";
import { makeLutBar } from "./lutBar";
import { onThemeChange } from "../theme";

/** What the plot shows. */
export interface PlotContent {
  readonly histogram: Histogram;
  readonly axis: ValueAxis;
  /** null while the channel is not shown. */
  readonly scale: Scale | null;
  readonly isLog: boolean;
  readonly lut: Lut;
}

/** The plot and how to tell it what to show. */
export interface HistogramPlot {
  readonly element: HTMLElement;
  show(content: PlotContent): void;
  dispose(): void;
}

const HEIGHT = 104;
const TICKS_HEIGHT = 20;
/** Room beside the plot for the markers' knobs, px; styles/channels.css has it too. */
const SIDE = 8;
const CURVE_POINTS = 64;

/** Builds the plot; it is as wide as its place, and follows the theme. */
export function makeHistogramPlot(): HistogramPlot {
  const place = element("div", { class: "plot", role: "img" });
  const bar = makeLutBar();
  const box = element("div", {}, place, bar.element);
  let content: PlotContent | null = null;
  let plot: uPlot | null = null;
  const draw = (): void => {
    const width = place.clientWidth;
    if (content === null || width === 0) return;
    plot ??= new uPlot(
      optionsOf(width, () => content),
      dataOf(content),
      place,
    );
    if (plot.width !== width) plot.setSize({ width, height: HEIGHT });
    plot.setData(dataOf(content));
    const { scale, lut, axis } = content;
    bar.element.hidden = scale === null;
    if (scale !== null) bar.showValues(lut, scale, axis);
  };
  const resized = new ResizeObserver(draw);
  resized.observe(place);
  const stopWatching = onThemeChange(() => plot?.redraw());
  return {
    element: box,
    show: (next) => {
      content = next;
      place.setAttribute("aria-label", descriptionOf(next.histogram));
      draw();
    },
    dispose: () => {
      resized.disconnect();
      stopWatching();
      plot?.destroy();
      plot = null;
    },
  };
}

function descriptionOf({ counts, from, to, min, max }: Histogram): string {
  const fullest = counts.indexOf(counts.reduce((most, count) => Math.max(most, count), 0));
  const most = from + ((to - from) * (fullest + 0.5)) / counts.length;
  const short = (value: number): string => String(Number(value.toPrecision(4)));
  return `Histogram: values ${short(min)} to ${short(max)}, most often about ${short(most)}`;
}

function dataOf({ histogram: { from, to, counts }, isLog }: PlotContent): uPlot.AlignedData {
  const edges = Array.from({ length: counts.length + 1 }, (_, i) => from + ((to - from) * i) / counts.length);
  const heights = barHeights(counts, isLog);
  return [edges, [...heights, heights.at(-1) ?? 0]];
}

function optionsOf(width: number, now: () => PlotContent | null): uPlot.Options {
  const style = (name: string): string => getComputedStyle(document.body).getPropertyValue(name).trim();
  const text = (): string => style("--vscode-descriptionForeground") || style("--vscode-foreground");
  const bars = (): string => style("--vscode-foreground") || "#808080";
  const font = `11px ${style("--vscode-font-family") || "sans-serif"}`;
  return {
    width,
    height: HEIGHT,
    padding: [4, SIDE, 0, SIDE],
    legend: { show: false },
    cursor: { show: false },
    select: { show: false, left: 0, top: 0, width: 0, height: 0 },
    scales: {
      x: {
        time: false,
        range: () => {
          const axis = now()?.axis;
          return axis === undefined ? [0, 1] : [axis.from, axis.to];
        },
      },
      y: { range: [0, 1] },
    },
    axes: [
      {
        size: TICKS_HEIGHT,
        font,
        gap: 2,
        space: 56,
        stroke: text,
        grid: { show: false },
        ticks: { size: 3, width: 1, stroke: text },
      },
      { show: false },
    ],
    series: [
      {},
      {
        fill: () => withAlpha(bars(), 0.55),
        width: 0,
        points: { show: false },
        paths: uPlot.paths.stepped?.({ align: 1 }),
      },
    ],
    hooks: { draw: [(plot) => drawCurve(plot, now(), bars())] },
  };
}

/** A colour of the theme, less opaque. */
function withAlpha(color: string, alpha: number): string {
  return `color-mix(in srgb, ${color} ${alpha * 100}%, transparent)`;
}

/** From values to brightness: dark at the bottom, bright at the top. */
function drawCurve(plot: uPlot, content: PlotContent | null, color: string): void {
  if (content?.scale == null) return;
  const { axis, scale } = content;
  const { ctx } = plot;
  const { low, high } = scale.limits;
  const steps = Array.from({ length: CURVE_POINTS + 1 }, (_, i) => low + ((high - low) * i) / CURVE_POINTS);
  const inside = steps.filter((value) => value >= axis.from && value <= axis.to).sort((a, b) => a - b);
  ctx.save();
  ctx.beginPath();
  for (const value of [valueAt(0, axis), ...inside, valueAt(1, axis)]) {
    const x = plot.valToPos(value, "x", true);
    const y = plot.valToPos(levelOf(value, scale) / 255, "y", true);
    ctx.lineTo(x, y);
  }
  ctx.lineWidth = devicePixelRatio;
  ctx.strokeStyle = color;
  ctx.stroke();
  ctx.restore();
}
