/**
 * From the plan of a prediction to the tiles that a viewer draws. Plans may come from a file that anybody wrote.
 * @module
 */
import type { StackLengths, TileCut, TileGrid } from "../src/protocol/viewer";
import type { Interval } from "../src/volume/region";

/** More tiles than anybody can look at. */
const MOST_TILES = 200_000;
const DRAWN_AXES = ["z", "y", "x"] as const;

type DrawnAxis = (typeof DRAWN_AXES)[number];

/** How one axis is cut; px of the padded image unless said otherwise. */
interface AxisTiling {
  /** Of the image, px. */
  readonly length: number;
  readonly padded: number;
  /** px of padding before the image. */
  readonly before: number;
  readonly wanted: Interval;
  readonly block: number;
  readonly context: number;
  /** Each once, ascending. */
  readonly tiles: readonly { readonly read: Interval; readonly write: Interval }[];
}

/** The cuts of a plan, each once: much smaller than its list of tiles. */
export type Tiling = Readonly<Partial<Record<DrawnAxis, AxisTiling>>>;

/** Which image the tiles are drawn over. */
export interface TilingPlace {
  /** The stack that was predicted, or what came out, which may be only the part that was wanted. */
  readonly of: "input" | "result";
  readonly lengths: StackLengths;
}

/** @returns null for what is no plan, and for plans of more tiles than can be drawn */
export function tilingOf(plan: unknown): Tiling | null {
  if (!isRecord(plan) || typeof plan.axes !== "string" || !/^[TZCYX]{1,5}$/.test(plan.axes)) return null;
  const { tiles } = plan;
  if (!Array.isArray(tiles) || tiles.length === 0 || tiles.length > MOST_TILES) return null;
  const tiling: Partial<Record<DrawnAxis, AxisTiling>> = {};
  for (const axis of DRAWN_AXES) {
    const index = plan.axes.indexOf(axis.toUpperCase());
    if (index < 0) continue;
    const found = axisTiling(plan, tiles, index);
    if (found === null) return null;
    tiling[axis] = found;
  }
  return tiling;
}

function axisTiling(
  plan: Readonly<Record<string, unknown>>,
  tiles: readonly unknown[],
  index: number,
): AxisTiling | null {
  const numberAt = (list: unknown): number | null => {
    const value: unknown = Array.isArray(list) ? list[index] : undefined;
    return typeof value === "number" && Number.isSafeInteger(value) && value >= 0 ? value : null;
  };
  const [length, padded] = [numberAt(plan.shape), numberAt(plan.paddedShape)];
  const [block, context] = [numberAt(plan.block), numberAt(plan.context)];
  const before = intervalAt(plan.padding, index, { isOrdered: false })?.[0] ?? null;
  const wanted = intervalAt(plan.wanted, index);
  if (length === null || padded === null || block === null || block === 0) return null;
  if (context === null || before === null || wanted === null) return null;
  const found = new Map<number, AxisTiling["tiles"][number]>();
  for (const tile of tiles) {
    if (!isRecord(tile)) return null;
    const [read, write] = [intervalAt(tile.read, index), intervalAt(tile.write, index)];
    if (read === null || write === null) return null;
    if (!found.has(write[0])) found.set(write[0], { read, write });
  }
  const sorted = [...found.values()].sort((a, b) => a.write[0] - b.write[0]);
  return { length, padded, before, wanted, block, context, tiles: sorted };
}

/**
 * The tiles over an image.
 *
 * @param name for people
 * @returns null when the image is not the one that was tiled, as far as its lengths tell
 */
export function gridOf(name: string, tiling: Tiling, place: TilingPlace): TileGrid | null {
  const cuts: Partial<Record<DrawnAxis, readonly TileCut[]>> = {};
  const context: Partial<Record<DrawnAxis, number>> = {};
  for (const axis of DRAWN_AXES) {
    const found = tiling[axis];
    const length = place.lengths[axis];
    const expected = found === undefined ? 1 : place.of === "input" ? found.length : resultLength(found);
    if (expected !== length) return null;
    if (found === undefined) continue;
    if (found.context > 0) context[axis] = found.context;
    const list = found.tiles.map((tile) => cutOf(tile, found, place));
    const isWhole = list.length === 1 && list[0].write[0] === 0 && list[0].write[1] === length;
    if (!isWhole) cuts[axis] = list;
  }
  return { name, cuts, context };
}

const isPart = ({ wanted, padded }: AxisTiling): boolean => wanted[0] > 0 || wanted[1] < padded;

const resultLength = (tiling: AxisTiling): number =>
  isPart(tiling) ? tiling.wanted[1] - tiling.wanted[0] : tiling.length;

function cutOf(
  { read, write }: AxisTiling["tiles"][number],
  tiling: AxisTiling,
  { of }: TilingPlace,
): TileCut {
  const origin = of === "result" && isPart(tiling) ? tiling.wanted[0] : tiling.before;
  const length = of === "result" ? resultLength(tiling) : tiling.length;
  const inside = ([start, stop]: Interval): Interval => {
    const first = Math.min(Math.max(start - origin, 0), length);
    return [first, Math.min(Math.max(stop - origin, first), length)];
  };
  const written: Interval = [
    Math.max(write[0], tiling.wanted[0]),
    Math.max(Math.min(write[1], tiling.wanted[1]), write[0]),
  ];
  return {
    read: [read[0] - origin, read[1] - origin],
    keep: inside(rightPart(read, tiling)),
    write: inside(written),
  };
}

/** What of a tile has all its context inside it: at the ends of the padded image there is nothing more to see. */
function rightPart([start, stop]: Interval, { padded, block, context }: AxisTiling): Interval {
  const first = start <= 0 ? 0 : Math.ceil((start + context) / block) * block;
  const last = stop >= padded ? padded : Math.floor((stop - context) / block) * block;
  return [first, Math.max(first, last)];
}

function intervalAt(list: unknown, index: number, { isOrdered = true } = {}): Interval | null {
  const pair: unknown = Array.isArray(list) ? list[index] : undefined;
  if (!Array.isArray(pair) || pair.length !== 2) return null;
  const [start, stop] = pair as readonly unknown[];
  const isPair = Number.isSafeInteger(start) && Number.isSafeInteger(stop);
  if (!isPair || (start as number) < 0 || (isOrdered && (stop as number) <= (start as number))) return null;
  return [start as number, stop as number];
}

const isRecord = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === "object" && value !== null && !Array.isArray(value);
