/**
 * The figures of judged cases as lines of Markdown.
 * @module
 */
import { FEWEST_SEAMS } from "./judge";
import type { Judgement } from "./judge";
import type { Planted } from "./cases";
import { percentText, proportion, roc } from "./measures";

/** What pixels alone can tell. */
const KNOWABLE: readonly (readonly [Planted, string])[] = [
  ["normalization", "tile-normalization"],
  ["missing", "missing-tile"],
  ["wrap", "integer-wrap"],
];
const STRENGTHS = [1, 1.3, 2, 4, Infinity];
const SCORERS = [
  "blind diagnosis",
  "mean gradient at the seams, told where they are",
  "autocorrelation peak of the gradient",
];

/** All tables. */
export function reportLines(rows: readonly Judgement[]): string[] {
  const exact = rows.filter(({ planted }) => planted.length === 0);
  const planted = rows.filter((row) => row.planted.length > 0);
  return [
    ...headline(exact, planted),
    ...byKind(exact, planted),
    ...byStrength(planted),
    ...rocs(exact, planted),
  ];
}

const share = (rows: readonly Judgement[], is: (row: Judgement) => boolean): string =>
  percentText(proportion(rows.filter(is).length, rows.length));

function headline(exact: readonly Judgement[], planted: readonly Judgement[]): string[] {
  const grids = planted.flatMap((row) => row.grids);
  const rightOf = (some: typeof grids): string =>
    percentText(proportion(some.filter(({ right }) => right).length, some.length));
  const known = KNOWABLE.map(([what, cause]) => {
    // Where no seam was found, another mark raised the alarm.
    const found = planted.filter(
      (row) => row.planted.includes(what) && (what === "normalization" ? row.stitched : row.alarm),
    );
    return { what, found, named: found.filter((row) => row.causes.some((one) => one === cause)) };
  });
  const count = (of: (one: (typeof known)[number]) => readonly Judgement[]): number =>
    known.reduce((sum, one) => sum + of(one).length, 0);
  const wrong = (row: Judgement): boolean =>
    KNOWABLE.some(
      ([what, cause]) => row.causes.some((named) => named === cause) && !row.planted.includes(what),
    );
  return [
    "| what | goal | figure (95 % interval) |",
    "|---|---|---|",
    `| false alarms | ≤ 1 %, upper bound ≤ 2 % | ${share(exact, (row) => row.alarm)} |`,
    `| detected | ≥ 85 % | ${share(planted, (row) => row.alarm)} |`,
    `| period and offset right, of axes with ≥ 4 seams that are planted each for itself | ≥ 90 % | ${rightOf(grids.filter(({ shown }) => shown >= FEWEST_SEAMS))} |`,
    `| the same, of all axes with ≥ 4 seams, visible or not | | ${rightOf(grids)} |`,
    `| the same, of axes of which a grid was told | | ${rightOf(grids.filter(({ found }) => found))} |`,
    `| cause named, of the three below together | ≥ 90 % | ${percentText(
      proportion(
        count(({ named }) => named),
        count(({ found }) => found),
      ),
    )} |`,
    ...known.map(
      ({ what, found, named }) =>
        `| cause named when ${what === "normalization" ? "seams of " : ""}${what} ${what === "normalization" ? "were" : "was"} found | | ${percentText(proportion(named.length, found.length))} |`,
    ),
    `| a cause named that was not planted | | ${share(planted, wrong)} |`,
    `| exact ones in which a seam would have been seen | | ${share(exact, (row) => row.hadPower)} |`,
    "",
  ];
}

function byKind(exact: readonly Judgement[], planted: readonly Judgement[]): string[] {
  const groups = (rows: readonly Judgement[], keyOf: (row: Judgement) => string): [string, Judgement[]][] => {
    const map = new Map<string, Judgement[]>();
    for (const row of rows) map.set(keyOf(row), [...(map.get(keyOf(row)) ?? []), row]);
    return [...map].sort(([a], [b]) => a.localeCompare(b));
  };
  const table = (title: string, list: [string, Judgement[]][]): string[] => [
    `| ${title} | |`,
    "|---|---|",
    ...list.map(([key, rows]) => `| ${key} | ${share(rows, (row) => row.alarm)} |`),
    "",
  ];
  return [
    ...table(
      "alarms without a mark",
      groups(exact, (row) => (row.kind === "hard negative" ? `${row.kind}: ${row.name}` : row.kind)),
    ),
    ...table(
      "detected, by what was planted",
      groups(planted, (row) => row.kind),
    ),
    ...table(
      "detected, by kind of image",
      groups(planted, (row) => row.name),
    ),
    ...table(
      "detected, by network",
      groups(
        planted.filter((row) => row.strength !== null),
        (row) => row.network,
      ),
    ),
  ];
}

function byStrength(planted: readonly Judgement[]): string[] {
  const rows = planted.filter((row) => row.strength !== null);
  return [
    "| steps by strength: p99 of the error over the p99 of the gradient, or over 2 % of the range if that is less | detected |",
    "|---|---|",
    ...STRENGTHS.slice(0, -1).map((low, i) => {
      const high = STRENGTHS[i + 1];
      const within = rows.filter(({ strength }) => strength! >= low && strength! < high);
      return `| ${low} … ${high === Infinity ? "" : high} | ${share(within, (row) => row.alarm)} |`;
    }),
    "",
  ];
}

function rocs(exact: readonly Judgement[], planted: readonly Judgement[]): string[] {
  return [
    "| detector | area under the ROC curve | detected at 1 % false alarms |",
    "|---|---|---|",
    ...SCORERS.map((name, i) => {
      const { area, atOnePercent } = roc(
        planted.map(({ scores }) => scores[i]),
        exact.map(({ scores }) => scores[i]),
      );
      return `| ${name} | ${area.toFixed(3)} | ${(100 * atOnePercent).toFixed(1)} % |`;
    }),
    "",
  ];
}
