/**
 * Options that commands share.
 * @module
 */
import type { Command } from "commander";

/** Adds the options that decide how an image is cut. */
export function tilingOptions(command: Command): Command {
  return command
    .option("--tiles <list|auto>", "tiles per axis, such as 1,3,4 or Y=3,X=4")
    .option("--tile-size <list>", "px read per tile, overlap included; wins over --tiles")
    .option("--overlap <list|auto|care>", "px discarded per side at inner tile borders")
    .option("--block <list|auto>", "px of which tiles start and end on multiples")
    .option("--guarantee <size|count>", "keep the tile size or the number of tiles exactly")
    .option("--pad-extra <list>", "px of padding added on both sides")
    .option("--memory <MiB>", "memory for all processes together");
}

/** Adds the options of a prediction. */
export function predictionOptions(command: Command): Command {
  return tilingOptions(command)
    .option("--axes <letters>", "axes of the input, such as ZYX")
    .option("--series <n>", "which series of the file")
    .option("--roi <part>", "part to predict, such as Z=0:31,Y=100:600")
    .option("--blend <crop|linear|gaussian>", "how tiles are joined")
    .option("--normalize <how>", "auto, none, percentile:LO,HI, zscore or minmax")
    .option("--normalize-scope <stack|frame|tile>", "over which pixels intensities are measured")
    .option("--pad <reflect|symmetric|edge|zero>", "what stands outside the image")
    .option("--untiled", "one engine call on the whole padded image")
    .option("--engine <id>", "auto, cpu or webgpu")
    .option("--threads <n>", "threads of the engine")
    .option("--dtype <type>", "float32, input, uint8 or uint16")
    .option(
      "--format <ome|imagej|ome-zarr-0.4|ome-zarr-0.5>",
      "format of the output; ome is OME-TIFF, or OME-Zarr 0.5 for a name in .zarr",
    )
    .option("--resume", "go on with an unfinished output; of several, leave the finished ones alone")
    .option("--overwrite", "replace an existing output");
}
