/**
 * Tilewright as a library.
 * @module
 */
export { planAxis } from "./tiling/axis";
export type { AxisRequest, AxisTile, Guarantee } from "./tiling/axis";
export { planTiles } from "./tiling/tiles";
export type { Tile } from "./tiling/tiles";
export { careOverlap } from "./tiling/careOverlap";
export { divisiblePadding } from "./tiling/padding";
export { percentileRange } from "./predict/percentiles";
export { TilewrightError } from "./errors";
export type { Failure } from "./errors";
export type { PixelArray } from "./volume/pixels";
export type { Interval, Region } from "./volume/region";
