/**
 * What is measured, and the tables that measurements become. Pure.
 * @module
 */
import type {
  PictureSource,
  PlaneRegion,
  Profile,
  StackDescription,
  Statistics,
} from "../src/protocol/viewer";
import { ingredientsOf } from "./scene";
import type { Shown } from "./scene";
import type { LineFacts } from "./shapes";
import type { ViewerState } from "./state";
import { channelName } from "./texts";

/** A picture that is measured. */
export interface Measured {
  readonly label: string;
  /** `#rrggbb` */
  readonly color: string;
  /** Whether it is of the compared stack. */
  readonly isOther: boolean;
  readonly source: PictureSource;
}

const COLOR_LEVEL = 224;

/** The name of a channel; that of the stack where its only channel has none. */
export function channelLabel(description: StackDescription, channel: number): string {
  const { channels, lengths, name } = description;
  const hasName = lengths.c > 1 || (channels[channel]?.name?.trim() ?? "") !== "";
  return hasName ? channelName(description, channel) : name;
}

/** Every channel that is shown, then those of the compared stack. */
export function measuredOf(state: ViewerState, shown: Shown): Measured[] {
  const other = shown.layers.find(({ layer }) => layer === state.comparison?.layer);
  return ingredientsOf(state, "xy", shown)
    .filter(({ role }) => role !== "over")
    .map(({ role, source, limitSource, lut }) => {
      const own = channelLabel(shown.description, limitSource.plane.c);
      const name = other?.description.name ?? "";
      const isOther = role === "other";
      return {
        label: !isOther ? own : own === shown.description.name ? name : `${own}, ${name}`,
        color: hexOf(lut[COLOR_LEVEL]),
        isOther,
        source,
      };
    });
}

function hexOf(packed: number): string {
  const parts = [packed & 255, (packed >>> 8) & 255, (packed >>> 16) & 255];
  return `#${parts.map((part) => part.toString(16).padStart(2, "0")).join("")}`;
}

/** Where the values of a profile lie along its line. */
export interface ProfileAxis {
  /** `µm` or `px`. */
  readonly unit: string;
  readonly distances: readonly number[];
}

/** Distances of the values from the beginning of the line, in units of the file where it has them. */
export function profileAxis(profiles: readonly Profile[], { length, physical }: LineFacts): ProfileAxis {
  const count = Math.max(0, ...profiles.map(({ values }) => values.length));
  const spacing = profiles[0]?.spacing ?? 1;
  const scale = physical === null || length === 0 ? 1 : physical.length / length;
  return {
    unit: physical?.unit ?? "px",
    distances: Array.from({ length: count }, (_, index) => index * spacing * scale),
  };
}

/** Profiles as text: a line of names, then one line for each place, columns separated by tabs. */
export function profileTable(
  labels: readonly string[],
  profiles: readonly Profile[],
  { unit, distances }: ProfileAxis,
): string {
  const rows = distances.map((distance, index) => [
    Number(distance.toPrecision(9)),
    ...profiles.map(({ values }) => values[index] ?? Number.NaN),
  ]);
  return tableText([`distance (${unit})`, ...labels], rows);
}

/** The columns of a table of statistics and what people call them. */
export const STATISTICS_COLUMNS = {
  count: "count",
  mean: "mean",
  sd: "sd",
  min: "min",
  max: "max",
  notFinite: "not finite",
} as const satisfies Partial<Record<keyof Statistics, string>>;

const COLUMNS = Object.keys(STATISTICS_COLUMNS) as (keyof typeof STATISTICS_COLUMNS)[];

/** Statistics as text, one line for each picture and slice, columns separated by tabs. */
export function statisticsTable(
  labels: readonly string[],
  answers: readonly (readonly Statistics[])[],
  place: { readonly region: PlaneRegion; readonly hasSlices: boolean },
): string {
  const { y, x } = place.region;
  const header = ["picture", ...(place.hasSlices ? ["z"] : []), "x", "y", "width", "height"];
  const rows = answers.flatMap((slices, index) =>
    slices.map((one) => [
      labels[index],
      ...(place.hasSlices ? [one.z] : []),
      ...[x[0], y[0], x[1] - x[0], y[1] - y[0]],
      ...COLUMNS.map((column) => one[column]),
    ]),
  );
  return tableText([...header, ...Object.values(STATISTICS_COLUMNS)], rows);
}

function tableText(header: readonly string[], rows: readonly (readonly (string | number)[])[]): string {
  // Names come from files: a tab in one must not begin a column.
  const cell = (value: string | number): string => String(value).replace(/[\t\r\n]+/g, " ");
  return [header, ...rows].map((row) => row.map(cell).join("\t")).join("\n") + "\n";
}
