/**
 * Plan: how a shape is padded, cut and put back, and whether that is exact.
 * @module
 */
import { TilewrightError } from "../errors";
import { intersectRegions, regionSize } from "../volume/region";
import type { Interval, Region } from "../volume/region";
import { autoTiles } from "./auto";
import { MOST_TILES, planAxis, planAxisBySize } from "./axis";
import type { AxisTile, Guarantee } from "./axis";
import { divisiblePadding } from "./padding";
import { multiplyAxes } from "./tiles";
import type { Tile } from "./tiles";
import { planWarnings } from "./warnings";
import type { PlanWarning } from "./warnings";

/**
 * What an axis of the image is to the network: `tiled` axes are its spatial axes, `whole` goes into
 * every tile (channels), `each` is looped over, one index at a time (an axis the network lacks).
 */
export type AxisRole = "tiled" | "whole" | "each";

/** One axis to be planned, in image order. */
export interface PlanAxis {
  readonly axis: string;
  /** Image length, px. */
  readonly length: number;
  readonly role: AxisRole;
  /** px under whose shift the network commutes; 1 unless `tiled`. */
  readonly block: number;
  /** px the network must see beyond a block-aligned border; 0 unless `tiled`. */
  readonly context: number;
  /** CSBDeep's table, px; null when it has no entry for this network. */
  readonly careOverlap: number | null;
  /** Only this part of the image is wanted, px; absent for all of it. */
  readonly part?: Interval;
}

/** How the user wants it; one entry per axis. */
export interface PlanWishes {
  readonly tiles: "auto" | readonly number[];
  /** px read per tile; wins over `tiles`. */
  readonly tileSize?: readonly number[];
  readonly overlap: "auto" | "care" | readonly number[];
  readonly block: "auto" | readonly number[];
  readonly guarantee: Guarantee;
  /** px of padding added on both sides before the padding to whole blocks. */
  readonly padExtra?: readonly number[];
}

/** What a plan is made of. */
export interface PlanInput {
  readonly axes: readonly PlanAxis[];
  readonly wishes: PlanWishes;
  /** Why the network cannot be tiled exactly whatever the overlap, one sentence each; empty when it can. */
  readonly blockers: readonly string[];
  /** Lengths the model file fixes, px per axis in image order; absent when free. */
  readonly fixedShape?: readonly number[];
  /** Memory of one engine call on a tile of this shape, bytes. */
  readonly bytes: (tileShape: readonly number[]) => number;
  /** For "auto" tiles, bytes. */
  readonly memoryLimit: number;
}

/** The JSON of `tilewright plan`; lists are in the order of `axes`. */
export interface Plan {
  readonly axes: string;
  readonly shape: readonly number[];
  /** The image after padding, px. */
  readonly paddedShape: readonly number[];
  /** The part of the padded image that is computed: all of it, or the wanted part with its context. */
  readonly computed: Region;
  /** The part of the padded image that is written. */
  readonly wanted: Region;
  readonly padding: readonly (readonly [before: number, after: number])[];
  /** px; tiles start and end on multiples of it. */
  readonly block: readonly number[];
  /** px needed beyond a block-aligned border. */
  readonly context: readonly number[];
  /** px asked for, discarded per side at inner tile borders. */
  readonly overlapAsked: readonly number[];
  /** px used: asked, rounded up to whole blocks. */
  readonly overlap: readonly number[];
  readonly careOverlap: readonly number[] | null;
  /** Tiles per axis. */
  readonly tilesPerAxis: readonly number[];
  readonly roles: readonly AxisRole[];
  readonly count: number;
  readonly tiles: readonly Tile[];
  /** Voxels kept ÷ voxels computed, 0…1. */
  readonly keptFraction: number;
  readonly peakBytes: number;
  /** Whether tiled prediction equals untiled prediction. */
  readonly exact: boolean;
  readonly warnings: readonly PlanWarning[];
}

/**
 * Plans a prediction.
 *
 * @throws {TilewrightError} `tiling.*` for wishes that cannot work
 */
export function makePlan(input: PlanInput): Plan {
  const { axes, wishes } = input;
  checkWishes(axes, wishes);
  const block = axes.map((a, i) =>
    wishes.block === "auto" || a.role !== "tiled" ? a.block : wishes.block[i],
  );
  const padding = axes.map((a, i) => paddingOf(a, wishes.padExtra?.[i] ?? 0, input.fixedShape?.[i] ?? 1));
  const paddedShape = axes.map((a, i) => a.length + padding[i][0] + padding[i][1]);
  const overlapAsked = axes.map((a, i) => askedOverlap(a, wishes.overlap, i));
  const overlap = overlapAsked.map((px, i) => Math.ceil(px / block[i]) * block[i]);
  const wanted = axes.map(({ part, length }, i): Interval => {
    const [start, stop] = part ?? [0, length];
    return part === undefined ? [0, paddedShape[i]] : [start + padding[i][0], stop + padding[i][0]];
  });
  const computed = axes.map((a, i) => withContext(a, wanted[i], overlap[i], paddedShape[i]));
  const cut = cutAxes(input, { paddedShape, computed, block, overlap });
  requireFewTiles(cut.axes.reduce((product, { length }) => product * length, 1));
  const tiles = multiplyAxes(cut.axes).filter(({ write }) => regionSize(intersectRegions(write, wanted)) > 0);
  const draft = {
    axes: axes.map((a) => a.axis).join(""),
    shape: axes.map((a) => a.length),
    paddedShape,
    computed,
    wanted,
    padding,
    block,
    context: axes.map((a) => a.context),
    overlapAsked,
    overlap,
    careOverlap: careOverlaps(axes),
    tilesPerAxis: cut.axes.map((axisTiles) => axisTiles.length),
    roles: axes.map((a) => a.role),
    count: tiles.length,
    tiles,
    keptFraction: keptFraction(tiles, wanted),
    peakBytes: input.bytes(largestTile(tiles)),
  };
  const warnings = planWarnings(input, draft, cut.fits);
  return { ...draft, exact: !warnings.some((warning) => warning.breaksExactness), warnings };
}

function requireFewTiles(count: number): void {
  if (count <= MOST_TILES) return;
  throw new TilewrightError(
    "tiling.tooManyTiles",
    `the image would be cut into ${count} tiles, at most ${MOST_TILES} can be planned`,
    "use fewer or larger tiles, more --memory, or --roi",
  );
}

/** Length of the longest tile on each axis, px. */
export function largestTile(tiles: readonly Tile[]): number[] {
  return tiles[0].read.map((_, axis) =>
    tiles.reduce((most, { read }) => Math.max(most, read[axis][1] - read[axis][0]), 0),
  );
}

function keptFraction(tiles: readonly Tile[], wanted: Region): number {
  let kept = 0;
  let computed = 0;
  for (const { read, write } of tiles) {
    kept += regionSize(intersectRegions(write, wanted));
    computed += regionSize(read);
  }
  return kept / computed;
}

/** The wanted part of one axis, moved out to the block grid and by the overlap, inside the padded image. */
function withContext(axis: PlanAxis, wanted: Interval, overlap: number, length: number): Interval {
  if (axis.role !== "tiled" || axis.part === undefined) return wanted;
  return [
    Math.max(0, Math.floor(wanted[0] / axis.block) * axis.block - overlap),
    Math.min(length, Math.ceil(wanted[1] / axis.block) * axis.block + overlap),
  ];
}

function careOverlaps(axes: readonly PlanAxis[]): number[] | null {
  const all = axes.map((a) => (a.role === "tiled" ? a.careOverlap : 0));
  return all.every((px) => px !== null) && axes.some((a) => a.role === "tiled") ? all : null;
}

/** Padding to whole blocks, and to the length of a tile where the model file fixes it. */
function paddingOf(axis: PlanAxis, extra: number, least: number): readonly [number, number] {
  if (axis.role !== "tiled") return [0, 0];
  const length = axis.length + 2 * extra;
  const [before, after] =
    length < least ? divisiblePadding(length, least) : divisiblePadding(length, axis.block);
  return [before + extra, after + extra];
}

function askedOverlap(axis: PlanAxis, wish: PlanWishes["overlap"], index: number): number {
  if (axis.role !== "tiled") return 0;
  if (wish === "auto") return axis.context;
  if (wish !== "care") return wish[index];
  if (axis.careOverlap === null) {
    throw new TilewrightError(
      "tiling.noCareOverlap",
      "CSBDeep's overlap table has no entry for this network",
      'use overlap "auto", which is computed from the network',
    );
  }
  return axis.careOverlap;
}

interface Cut {
  readonly axes: readonly (readonly AxisTile[])[];
  readonly fits: boolean;
}

interface Frame {
  readonly paddedShape: readonly number[];
  readonly computed: Region;
  readonly block: readonly number[];
  readonly overlap: readonly number[];
}

function cutAxes(input: PlanInput, frame: Frame): Cut {
  const { axes, wishes } = input;
  const sizes = wishes.tileSize ?? input.fixedShape;
  const lengths = frame.computed.map(([start, stop]) => stop - start);
  const overlapBlocks = frame.overlap.map((px, i) => px / frame.block[i]);
  const auto =
    wishes.tiles === "auto" && sizes === undefined
      ? autoTiles(
          axes.map(({ role }, i) =>
            role === "each"
              ? { length: 1, block: 1, overlapBlocks: 0, tileable: false }
              : {
                  length: lengths[i],
                  block: frame.block[i],
                  overlapBlocks: overlapBlocks[i],
                  tileable: role === "tiled",
                },
          ),
          input.bytes,
          input.memoryLimit,
        )
      : null;
  const cut = axes.map((axis, i) => {
    // A block that is not the network's own may not divide the length: the last tile is then cut short.
    const length = Math.ceil(lengths[i] / frame.block[i]) * frame.block[i];
    const request = { length, block: frame.block[i], overlapBlocks: overlapBlocks[i] };
    const tiles =
      axis.role === "tiled" && sizes !== undefined
        ? bySize(axis, request, sizes[i])
        : cutAxis(
            axis,
            request,
            auto?.tiles[i] ?? (wishes.tiles as readonly number[])[i] ?? 1,
            wishes.guarantee,
          );
    return tiles
      .map((tile) => moveTile(shorten(tile, lengths[i]), frame.computed[i][0]))
      .map((tile) => runnable(tile, axis.block, frame.paddedShape[i]));
  });
  return { axes: cut, fits: auto?.fits ?? true };
}

interface CutRequest {
  readonly length: number;
  readonly block: number;
  readonly overlapBlocks: number;
}

function cutAxis(axis: PlanAxis, request: CutRequest, tiles: number, guarantee: Guarantee): AxisTile[] {
  switch (axis.role) {
    case "each":
      return planAxis({
        length: request.length,
        tiles: request.length,
        block: 1,
        overlapBlocks: 0,
        guarantee: "count",
      });
    case "whole":
      return planAxis({ length: request.length, tiles: 1, block: 1, overlapBlocks: 0 });
    case "tiled":
      // An axis asked for one tile is not cut at all, as in CSBDeep's predict_tiled.
      return tiles === 1
        ? planAxis({ ...request, tiles: 1, overlapBlocks: 0 })
        : planAxis({ ...request, tiles, guarantee });
  }
}

function moveTile(tile: AxisTile, by: number): AxisTile {
  return {
    read: [tile.read[0] + by, tile.read[1] + by],
    keep: tile.keep,
    write: [tile.write[0] + by, tile.write[1] + by],
  };
}

/** Takes away what a tile has beyond the end of its axis. */
function shorten({ read, keep, write }: AxisTile, length: number): AxisTile {
  const stop = Math.min(write[1], length);
  return {
    read: [read[0], Math.min(read[1], length)],
    keep: [keep[0], keep[0] + stop - write[0]],
    write: [write[0], stop],
  };
}

function bySize(axis: PlanAxis, request: CutRequest, wanted: number): AxisTile[] {
  const size = Math.ceil(wanted / request.block) * request.block;
  try {
    return planAxisBySize({ ...request, size });
  } catch (error) {
    throw new TilewrightError(
      "tiling.tileTooSmall",
      `axis ${axis.axis}: ${(error as Error).message}`,
      "use larger tiles or a smaller overlap",
    );
  }
}

/**
 * With a block that is not the network's, a tile may have a length the network cannot run: it then reads a few
 * px more, to the right or, at the end of the padded image, to the left.
 */
function runnable(tile: AxisTile, block: number, length: number): AxisTile {
  const [start, stop] = tile.read;
  const missing = (block - ((stop - start) % block)) % block;
  if (missing === 0) return tile;
  const right = Math.min(missing, length - stop);
  const left = missing - right;
  return {
    read: [start - left, stop + right],
    keep: [tile.keep[0] + left, tile.keep[1] + left],
    write: tile.write,
  };
}

function checkWishes(axes: readonly PlanAxis[], wishes: PlanWishes): void {
  const lists: [
    name: string,
    values: readonly number[] | undefined | string,
    least: number,
    neutral: number,
  ][] = [
    ["tiles", wishes.tiles, 1, 1],
    ["tile size", wishes.tileSize, 1, 0],
    ["overlap", wishes.overlap, 0, 0],
    ["block", wishes.block, 1, 1],
    ["extra padding", wishes.padExtra, 0, 0],
  ];
  for (const [name, values, least, neutral] of lists) {
    if (values === undefined || typeof values === "string") continue;
    for (const [i, { axis, role, length }] of axes.entries()) {
      const value = values[i];
      const where = `${name} on axis ${axis}`;
      if (!Number.isSafeInteger(value) || value < least) {
        throw new TilewrightError(
          "tiling.badValue",
          `${where} must be a whole number of at least ${least}, found ${value}`,
          "one number per axis, such as 1,3,4 or Y=3,X=4",
        );
      }
      if (role !== "tiled" && name === "tiles" && value > neutral) {
        throw new TilewrightError(
          "tiling.notTileable",
          `axis ${axis} cannot be cut into ${value} tiles: ${role === "whole" ? "every tile needs all channels" : `the network has no ${axis} axis, each of its ${length} entries is predicted on its own`}`,
          `use 1 for ${axis}`,
        );
      }
    }
  }
}
