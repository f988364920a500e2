/**
 * Ways out of an artifact: what to change of the run, and the command line that does it.
 * @module
 */
import type { Cure, Finding } from "./diagnosis";
import { wholeBlocks } from "./places";
import type { RunFacts } from "./run";

/** Numbers by axis letter. */
type PerAxis = Readonly<Record<string, number>>;

/** Tiles are made at least this many overlaps longer than both overlaps, so that half of the work is kept. */
const KEPT_OVERLAPS = 2;

/** A cure that repeats the run with changed options; an option changed to null is left out. */
export function repeatWith(run: RunFacts, text: string, options: Readonly<Record<string, unknown>>): Cure {
  const all = Object.entries({ ...run.options, ...options });
  const words = all.flatMap(([name, value]) => optionWords(name, value));
  return { text, options, command: run.command === null ? null : [run.command, ...words].join(" ") };
}

/** Every cure that repeats the run with the changes of all of them: one command makes a stack without marks. */
export function curedTogether(run: RunFacts, findings: readonly Finding[]): Finding[] {
  const all: Record<string, unknown> = {};
  for (const { cure } of findings) Object.assign(all, cure.options);
  if (all.untiled === true) Object.assign(all, { tiles: null, tileSize: null, overlap: null });
  return findings.map((finding) =>
    finding.cure.options === null ? finding : { ...finding, cure: repeatWith(run, finding.cure.text, all) },
  );
}

/** A cure that is not another prediction. */
export function advice(text: string): Cure {
  return { text, options: null, command: null };
}

/** Predict again with an overlap of the network's context, in whole blocks of the network. */
export function enoughOverlap(run: RunFacts): Cure {
  const { plan } = run;
  const overlap: Record<string, number> = {};
  for (const [i, axis] of [...plan.axes].entries()) {
    if (plan.roles[i] !== "tiled" || plan.tilesPerAxis[i] === 1) continue;
    overlap[axis] = wholeBlocks(Math.max(plan.context[i], plan.overlap[i]), plan.block[i]);
  }
  const changed = tilesFor(run, overlap);
  const isBlended = run.blend !== "crop";
  const crop = isBlended ? { blend: null } : {};
  const text = `predict again with overlap ${perAxisText(overlap)}${isBlended ? ", cropped and not blended" : ""}${changed === null ? "" : ` and tiles of ${perAxisText(changed)} px`}`;
  const size = changed === null ? {} : { tiles: null, tileSize: changed };
  return repeatWith(run, text, { overlap: shortest(overlap), ...size, ...crop });
}

/** Tile sizes where those of the run leave nothing to keep with a larger overlap; null where they do. */
function tilesFor({ plan, options }: RunFacts, overlap: PerAxis): Record<string, number> | null {
  if (options.tileSize === undefined) return null;
  let changed = false;
  const size: Record<string, number> = {};
  for (const [i, axis] of [...plan.axes].entries()) {
    if (plan.roles[i] !== "tiled") continue;
    const present = Math.max(...plan.tiles.map(({ read }) => read[i][1] - read[i][0]));
    const px = overlap[axis] ?? 0;
    const tooSmall = present < plan.paddedShape[i] && present <= 2 * px;
    changed ||= tooSmall;
    size[axis] = tooSmall
      ? Math.min(wholeBlocks(plan.paddedShape[i], plan.block[i]), (2 + KEPT_OVERLAPS) * px)
      : present;
  }
  return changed ? size : null;
}

/** One number where all axes have the same. */
function shortest(numbers: PerAxis): number | PerAxis {
  const values = new Set(Object.values(numbers));
  return values.size === 1 ? [...values][0] : numbers;
}

/** "48" or "Y=48,X=32". */
export function perAxisText(numbers: PerAxis): string {
  const short = shortest(numbers);
  return typeof short === "number" ? String(short) : axisList(short);
}

function axisList(numbers: PerAxis): string {
  return Object.entries(numbers)
    .map(([axis, px]) => `${axis}=${px}`)
    .join(",");
}

function optionWords(name: string, value: unknown): string[] {
  const flag = `--${name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`)}`;
  if (value === null || value === undefined || value === false) return [];
  if (value === true) return [flag];
  if (Array.isArray(value)) return [flag, value.join(",")];
  if (typeof value === "object") return [flag, axisList(value as PerAxis)];
  return [flag, typeof value === "number" ? String(value) : (value as string)];
}
