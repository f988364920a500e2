/**
 * What of a diagnosis is plotted: the same in the panel and in reports. Pure.
 * @module
 */
import type { BorderBand, Diagnosis, OverlapError, SeamFigures, SliceFigures } from "../diagnosis";
import { fractionText, pixelsText } from "../words";

/** One line, or one row of bars. */
export interface FigureLine {
  readonly label: string;
  readonly isDashed: boolean;
  /** One for each place; null leaves a gap. */
  readonly values: readonly (number | null)[];
  /** Ends of a shaded band around it. */
  readonly band?: { readonly low: readonly (number | null)[]; readonly high: readonly (number | null)[] };
}

/** A plot as data. */
export interface Figure {
  /** Small letters, digits and hyphens; unique within a diagnosis. */
  readonly id: string;
  readonly title: string;
  /** One sentence that says what is plotted, also for people who do not see it. */
  readonly description: string;
  readonly kind: "lines" | "points" | "bars";
  readonly xLabel: string;
  readonly yLabel: string;
  /** Whether values are shown by their logarithm; none is below {@link LEAST} then. */
  readonly isLog: boolean;
  /** Ascending. */
  readonly x: readonly number[];
  readonly lines: readonly FigureLine[];
  /** Where upright lines stand, ascending. */
  readonly marks: readonly number[];
}

/** Smallest fraction of the range that is plotted by its logarithm: rounding of float32. */
export const LEAST = 1e-8;

const OF_RANGE = "fraction of the range";
const MOST_MARKS = 400;

/** All plots that a diagnosis has numbers for. */
export function figuresOf(diagnosis: Diagnosis): Figure[] {
  return [
    ...disagreement(diagnosis.seams),
    ...overlapErrors(diagnosis.probe?.curve ?? []),
    ...excess(diagnosis),
    ...slices(diagnosis.slices),
    ...borders(diagnosis.probe?.borders ?? []),
    ...reference(diagnosis),
  ];
}

const logValue = (value: number | null): number | null =>
  value === null || !Number.isFinite(value) ? null : Math.max(LEAST, value);
const axesOf = (entries: readonly { readonly axis: string }[]): string[] => [
  ...new Set(entries.map(({ axis }) => axis)),
];
const range = (start: number, stop: number): number[] =>
  Array.from({ length: Math.max(0, stop - start) }, (_, i) => start + i);
const idOf = (...parts: readonly string[]): string =>
  parts
    .join("-")
    .toLowerCase()
    .replace(/[^a-z0-9-]+/g, "");
/** Largest of a list of any length. */
const largest = (values: readonly number[]): number =>
  values.reduce((most, value) => Math.max(most, value), -Infinity);

type Profile = NonNullable<SeamFigures["profile"]>;

function disagreement(seams: readonly SeamFigures[]): Figure[] {
  const profiled = seams.flatMap(({ axis, position, disagreement: size, profile }) =>
    profile === null ? [] : [{ axis, position, size: size ?? 0, ...profile }],
  );
  if (profiled.length === 0) return [];
  const first = profiled.reduce((least, { start }) => Math.min(least, start), Infinity);
  const last = largest(profiled.map(({ start, mean }) => start + mean.length));
  const x = range(first, last);
  const lines = axesOf(profiled).flatMap((axis): FigureLine[] => {
    const own = profiled.filter((one) => one.axis === axis);
    const valueAt = ({ start, mean }: Profile, px: number): number | null => mean[px - start] ?? null;
    // Seams share more or fewer px: a mean of some of them would jump where one ends.
    const ofAll = (px: number): number | null => {
      const values = own.map((one) => valueAt(one, px));
      const sum = values.reduce<number>((all, value) => all + (value ?? 0), 0);
      return values.includes(null) ? null : logValue(sum / own.length);
    };
    const worst = own.reduce((most, one) => (one.size > most.size ? one : most), own[0]);
    const average = {
      label: own.length === 1 ? `${axis}, 1 seam` : `${axis}, mean of ${own.length} seams`,
      isDashed: false,
      values: x.map(ofAll),
    };
    const largestOne = {
      label: `${axis} ${worst.position}, the worst`,
      isDashed: true,
      values: x.map((px) => logValue(valueAt(worst, px))),
    };
    return own.length === 1 ? [average] : [average, largestOne];
  });
  // Where only some other seams share px, nothing is plotted.
  const isPlotted = (i: number): boolean => lines.some(({ values }) => values[i] !== null);
  const from = x.findIndex((_, i) => isPlotted(i));
  const to = x.findLastIndex((_, i) => isPlotted(i)) + 1;
  return [
    {
      id: "disagreement",
      title: "Disagreement of neighbouring tiles",
      description:
        "Mean difference of what two tiles computed for the same px, against the distance from their seam. It is large where a tile ends and should have fallen to rounding at the seam, px 0.",
      kind: "lines",
      xLabel: "px from the seam",
      yLabel: OF_RANGE,
      isLog: true,
      x: x.slice(from, to),
      lines: lines.map((line) => ({ ...line, values: line.values.slice(from, to) })),
      marks: [0],
    },
  ];
}

/** What is discarded on the axis where it is most, px. */
const overlapOf = ({ overlap }: OverlapError): number => Math.max(0, largest(Object.values(overlap)));

function overlapErrors(curve: readonly OverlapError[]): Figure[] {
  if (curve.length === 0) return [];
  const byOverlap = new Map(curve.map((entry) => [overlapOf(entry), entry] as const));
  const entries = [...byOverlap.values()].sort((a, b) => overlapOf(a) - overlapOf(b));
  const last = entries[entries.length - 1];
  return [
    {
      id: "overlap-error",
      title: "Error against overlap",
      description: `Largest error at the probes for each overlap. With ${pixelsText(last.overlap)} it is ${fractionText(last.max)} of the range.`,
      kind: "points",
      xLabel: "overlap on the axis with most, px",
      yLabel: OF_RANGE,
      isLog: true,
      x: entries.map(overlapOf),
      lines: [
        {
          label: "largest error at the probes",
          isDashed: false,
          values: entries.map(({ max }) => logValue(max)),
        },
      ],
      marks: [],
    },
  ];
}

function excess({ excess: profiles, seams }: Diagnosis): Figure[] {
  return Object.entries(profiles).flatMap(([axis, profile]): Figure[] => {
    if (!profile.some((value) => value !== null)) return [];
    const own = seams.filter((seam) => seam.axis === axis);
    const found = own.length <= MOST_MARKS ? own : own.filter(({ known }) => known).slice(0, MOST_MARKS);
    return [
      {
        id: idOf("excess", axis),
        title: `Seam excess along ${axis}`,
        description: `How much larger the step across each plane of ${axis} is than those beside it, in robust standard deviations; dashed lines stand where tiles meet.`,
        kind: "lines",
        xLabel: `${axis}, px`,
        yLabel: "robust sd",
        isLog: false,
        x: range(0, profile.length),
        lines: [{ label: `step across planes of ${axis}`, isDashed: false, values: profile }],
        marks: [...new Set(found.map(({ position }) => position))].sort((a, b) => a - b),
      },
    ];
  });
}

const AXIS_WORDS: Readonly<Record<string, string>> = { Z: "slice", T: "time point" };

function slices(all: readonly SliceFigures[]): Figure[] {
  return axesOf(all).flatMap((axis): Figure[] => {
    const own = all.filter((slice) => slice.axis === axis).sort((a, b) => a.index - b.index);
    const what = AXIS_WORDS[axis] ?? `plane of ${axis}`;
    const base = {
      xLabel: what,
      x: own.map(({ index }) => index),
      isLog: false,
      marks: [],
    };
    const mean: FigureLine = {
      label: "mean ± standard deviation",
      isDashed: false,
      values: own.map((slice) => slice.mean),
      band: {
        low: own.map((slice) => slice.mean - slice.sd),
        high: own.map((slice) => slice.mean + slice.sd),
      },
    };
    return [
      {
        ...base,
        id: idOf("slices", axis),
        title: `Intensity of each ${what}`,
        description: `Mean and standard deviation of each ${what}, in units of the stack.`,
        kind: "lines",
        yLabel: "intensity",
        lines: [mean],
      },
      ...bars(own, "excess", {
        ...base,
        id: idOf("slice-excess", axis),
        title: `How far each ${what} stands out`,
        description: `How far each ${what} is from its neighbours, in robust standard deviations.`,
        yLabel: "robust sd",
      }),
      ...bars(own, "error", {
        ...base,
        id: idOf("slice-error", axis),
        title: `Error of each ${what}`,
        description: `Mean difference from the reference of each ${what}.`,
        yLabel: OF_RANGE,
      }),
    ];
  });
}

function bars(
  own: readonly SliceFigures[],
  figure: "excess" | "error",
  more: Omit<Figure, "kind" | "lines">,
): Figure[] {
  const values = own.map((slice) => slice[figure]);
  if (values.every((value) => value === null)) return [];
  return [{ ...more, kind: "bars", lines: [{ label: more.title, isDashed: false, values }] }];
}

function borders(bands: readonly BorderBand[]): Figure[] {
  return axesOf(bands).flatMap((axis): Figure[] => {
    const own = bands.filter((band) => band.axis === axis && band.profile.length > 0);
    if (own.length === 0) return [];
    const x = range(0, largest(own.map(({ profile }) => profile.length)));
    const depth = largest(own.map((band) => band.depth));
    return [
      {
        id: idOf("border", axis),
        title: `How deep the padding reaches, ${axis}`,
        description: `Largest difference between predictions with different padding (${own[0].modes.join(", ")}), against the distance from the end of ${axis}: above 0.1 % of the range down to ${depth} px.`,
        kind: "lines",
        xLabel: `px from the end of ${axis}`,
        yLabel: OF_RANGE,
        isLog: true,
        x,
        lines: own.map(({ end, profile }) => ({
          label: end === "start" ? `first px of ${axis}` : `last px of ${axis}`,
          isDashed: end === "stop",
          values: x.map((i) => logValue(profile[i] ?? null)),
        })),
        marks: [...new Set(own.map((band) => band.depth))].filter((at) => at > 0).sort((a, b) => a - b),
      },
    ];
  });
}

function reference({ reference: errors, seams }: Diagnosis): Figure[] {
  if (errors === null) return [];
  const along = Object.entries(errors.perAxis)
    .filter(([axis, values]) => values.length > 1 && axis !== "C")
    .map(([axis, values]): Figure => ({
      id: idOf("error-along", axis),
      title: `Error along ${axis}`,
      description: `Mean difference from the reference at every px of ${axis}; dashed lines stand where tiles meet.`,
      kind: "lines",
      xLabel: `${axis}, px`,
      yLabel: OF_RANGE,
      isLog: true,
      x: range(0, values.length),
      lines: [{ label: "mean error", isDashed: false, values: values.map(logValue) }],
      marks: seams
        .filter((seam) => seam.axis === axis)
        .slice(0, MOST_MARKS)
        .map(({ position }) => position)
        .sort((a, b) => a - b),
    }));
  return [
    ...distances("error-seams", "seam", errors.fromSeams),
    ...distances("error-borders", "border", errors.fromBorders),
    ...along,
  ];
}

function distances(id: string, what: string, byAxis: Readonly<Record<string, readonly number[]>>): Figure[] {
  const entries = Object.entries(byAxis).filter(([, values]) => values.length > 0);
  if (entries.length === 0) return [];
  const x = range(0, largest(entries.map(([, values]) => values.length)));
  return [
    {
      id,
      title: `Error against distance from the nearest ${what}`,
      description: `Mean difference from the reference at each distance from the nearest ${what}, one line for each axis.`,
      kind: "lines",
      xLabel: `px from the nearest ${what}`,
      yLabel: OF_RANGE,
      isLog: true,
      x,
      lines: entries.map(([axis, values]) => ({
        label: `${what} across ${axis}`,
        isDashed: false,
        values: x.map((i) => logValue(values[i] ?? null)),
      })),
      marks: [],
    },
  ];
}
