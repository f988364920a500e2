/**
 * @module
 * A line chart as SVG text, readable on light and dark pages.
 */

/** What is drawn. */
export interface Chart {
  readonly title: string;
  readonly x: { readonly label: string; readonly values: readonly number[] };
  readonly y: { readonly label: string; readonly log: boolean };
  readonly lines: readonly { readonly name: string; readonly values: readonly number[] }[];
  /** Vertical lines. */
  readonly marks: readonly { readonly name: string; readonly x: number }[];
}

const [WIDTH, HEIGHT, LEFT, TOP, RIGHT, BOTTOM] = [640, 300, 78, 34, 16, 46];
/** What stands for 0 on a logarithmic axis. */
const LEAST = 1e-8;

/** Draws a chart. */
export function chartSvg({ title, x, y, lines, marks }: Chart): string {
  const scaleX = linear([Math.min(...x.values), Math.max(...x.values)], [LEFT, WIDTH - RIGHT]);
  const heights = lines
    .flatMap(({ values }) => values)
    .map((value) => (y.log ? Math.log10(Math.max(LEAST, value)) : value));
  const low = y.log ? Math.floor(Math.min(...heights)) : 0;
  const high = y.log ? Math.ceil(Math.max(...heights)) : Math.max(...heights);
  const scaleY = linear([low, high], [HEIGHT - BOTTOM, TOP]);
  const toY = (value: number): number => scaleY(y.log ? Math.log10(Math.max(LEAST, value)) : value);
  const ticksY = y.log
    ? Array.from({ length: high - low + 1 }, (_, i) => 10 ** (low + i))
    : Array.from({ length: 5 }, (_, i) => (high * i) / 4);
  const stepX = Math.max(1, Math.ceil(x.values.length / 10));
  const parts = [
    text(WIDTH / 2, 18, title, "middle"),
    text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 8, x.label, "middle"),
    `<text x="14" y="${HEIGHT / 2}" text-anchor="middle" transform="rotate(-90 14 ${HEIGHT / 2})">${y.label}</text>`,
    ...ticksY.flatMap((value) => [
      `<path class="grid" d="M${LEFT} ${round(toY(value))}H${WIDTH - RIGHT}"/>`,
      text(
        LEFT - 6,
        round(toY(value)) + 4,
        y.log && value <= LEAST ? "0" : String(Number(value.toPrecision(2))),
        "end",
      ),
    ]),
    ...x.values
      .filter((_, i) => i % stepX === 0)
      .map((value) => text(round(scaleX(value)), HEIGHT - BOTTOM + 18, String(value), "middle")),
    ...marks.flatMap((mark) => [
      `<path class="mark" d="M${round(scaleX(mark.x))} ${TOP}V${HEIGHT - BOTTOM}"/>`,
      text(round(scaleX(mark.x)) + 5, TOP + 12, mark.name, "start"),
    ]),
    ...lines.map(({ values }) => {
      const points = values.map((value, i) => `${round(scaleX(x.values[i]))} ${round(toY(value))}`);
      return `<path class="line" d="M${points.join("L")}"/>`;
    }),
  ];
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${title}">`,
    "<style>text{font:12px sans-serif;fill:#777}.grid{stroke:#8884;fill:none}.line{stroke:#2a78d6;stroke-width:2;fill:none}.mark{stroke:#d9534f;stroke-dasharray:4 3;fill:none}</style>",
    ...parts,
    "</svg>",
    "",
  ].join("\n");
}

function linear(
  [a, b]: readonly [number, number],
  [from, to]: readonly [number, number],
): (value: number) => number {
  return (value) => (b === a ? (from + to) / 2 : from + ((value - a) / (b - a)) * (to - from));
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}

function text(x: number, y: number, words: string, anchor: "start" | "middle" | "end"): string {
  return `<text x="${x}" y="${y}" text-anchor="${anchor}">${words}</text>`;
}
