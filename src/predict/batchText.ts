/**
 * A batch in words and tables.
 * @module
 */
import { basename, relative } from "node:path";
import { isFailed } from "./batch";
import type { BatchOutlook, BatchTotals, FailedFile, PlannedFile } from "./batch";

/** Columns are as wide as their widest cell, up to this; longer cells push their row to the right. */
const WIDEST = 60;

/**
 * A table in plain text.
 *
 * @param headings of the columns
 * @param rows     cells; as many as headings
 */
export function tableText(headings: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = headings.map((heading, i) =>
    Math.max(heading.length, ...rows.map((row) => (row[i].length <= WIDEST ? row[i].length : 0))),
  );
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, i) => cell.padEnd(widths[i]))
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "-".repeat(width));
  return [headings, rule, ...rows].map(line).join("\n");
}

/**
 * What went wrong: file, what, hint.
 *
 * @param from folder that paths of files are shown from
 */
export function failureTable(files: readonly object[], from: string): string {
  const rows = files.filter(isFailed).map(({ file, error }) => {
    const what = error.message.startsWith(`${file}: `) ? error.message.slice(file.length + 2) : error.message;
    return [shortPath(file, from), what, error.hint ?? ""].map((cell) => cell.replace(/\s*\n\s*/g, " "));
  });
  return tableText(["file", "what", "hint"], rows);
}

/** What would be done with every file, as a table; problems below it. */
export function outlookText({ files, totals }: BatchOutlook, from: string): string {
  const planned = files.filter((file): file is PlannedFile => !isFailed(file));
  const rows = planned.map((file) => [
    shortPath(file.file, from),
    `${file.axes} ${file.shape.join(" × ")}`,
    `${file.tiles}${file.exact ? "" : " (not exact)"}`,
    file.action,
    shortPath(file.out, from),
  ]);
  const failed = files.filter(isFailed);
  const warnings = new Map<string, number>();
  for (const sentence of planned.flatMap((file) => file.warnings)) {
    warnings.set(sentence, (warnings.get(sentence) ?? 0) + 1);
  }
  const sum = [
    `${counted(totals.files, "file")}: ${totals.predict} to predict`,
    ...(totals.resume > 0 ? [`${totals.resume} to go on with`] : []),
    ...(totals.skip > 0 ? [`${totals.skip} finished already`] : []),
    ...(totals.failed > 0 ? [`${totals.failed} with a problem`] : []),
  ].join(", ");
  return [
    ...(rows.length > 0 ? [tableText(["file", "shape", "tiles", "action", "output"], rows)] : []),
    ...(failed.length > 0 ? [failureTable(failed, from)] : []),
    ...[...warnings].map(([sentence, count]) => `warning: ${sentence}, ${counted(count, "file")}`),
    sum,
  ].join("\n\n");
}

/** "10 predicted, 2 failed". */
export function totalsText({ predicted, skipped, failed, left }: BatchTotals): string {
  return [
    `${predicted} predicted`,
    ...(skipped > 0 ? [`${skipped} finished already`] : []),
    ...(failed > 0 ? [`${failed} failed`] : []),
    ...(left > 0 ? [`${left} left`] : []),
  ].join(", ");
}

/** "file 3 of 12, a.tif". */
export function placeText({ number, files, file }: { number: number; files: number; file: string }): string {
  return `file ${number} of ${files}, ${basename(file)}`;
}

/** A page about what failed, for people who look at it alone. */
export function failurePage(files: readonly object[], totals: BatchTotals, from: string): string {
  const failed: readonly FailedFile[] = files.filter(isFailed);
  return `${totalsText(totals)}\n\n${failureTable(failed, from)}\n`;
}

function counted(count: number, what: string): string {
  return `${count} ${what}${count === 1 ? "" : "s"}`;
}

/** From a folder where that is shorter. */
function shortPath(path: string, from: string): string {
  const way = relative(from, path);
  return way !== "" && way.length < path.length ? way : path;
}
