/**
 * One tile (or a whole padded array) on its way into the network and out of it.
 * @module
 */
import type { Engine, Session } from "../engines/engine";
import type { Job } from "../job";
import type { PredictionRequest } from "../protocol/prediction";
import { readableDtype } from "../stack/stored";
import type { Region } from "../volume/region";
import type { Volume } from "../volume/volume";
import { measureChannels } from "./normalize";
import type { IntensityMap, MeasuredNormalization } from "./normalize";
import { restoreIntensities } from "./output";
import type { ChooseMaps, PaddedInput } from "./paddedInput";
import type { Prepared } from "./prepare";
import type { RunFiles } from "./runFiles";

/** The parts of a run that its loop works with. */
export interface Running extends Prepared {
  readonly request: PredictionRequest;
  readonly session: Session;
  readonly engine: Engine;
  readonly measured: MeasuredNormalization;
  readonly input: PaddedInput;
  readonly files: RunFiles;
}

/** What reading a tile needs of a run. */
export type Reading = Pick<
  Running,
  "options" | "normalization" | "measured" | "stack" | "plan" | "input" | "model"
>;

/** A tile ready for the network. */
export interface ReadTile {
  readonly tensor: Volume<Float32Array>;
  readonly maps: readonly IntensityMap[];
}

/** Reads, normalises and pads one tile. */
export async function readTile(
  running: Reading,
  tile: { readonly read: Region },
  job: Job,
): Promise<ReadTile> {
  let maps: readonly IntensityMap[] = [];
  const choose: ChooseMaps = async (pixels) => {
    maps = await mapsFor(running, pixels, tile, job);
    return maps;
  };
  const tensor = await running.input.tile(tile.read, choose, job);
  return { tensor, maps };
}

/** Brings the network's output back to intensities, where the model undoes its normalisation. */
export function restore(
  running: Pick<Reading, "measured" | "model">,
  output: Volume<Float32Array>,
  maps: readonly IntensityMap[],
): void {
  const { measured, model } = running;
  const meanChannels = meanChannelCount(running);
  const undo = measured.undo && meanChannels === model.network.inputs[0].channels;
  restoreIntensities(output, undo ? maps : null, meanChannels);
}

async function mapsFor(
  { options, normalization, measured, stack, plan }: Reading,
  pixels: Volume,
  tile: { readonly read: Region },
  job: Job,
): Promise<readonly IntensityMap[]> {
  if (options.normalizeScope === "tile") {
    const size = pixels.data.length / pixels.shape[0];
    const channels = Array.from(
      { length: pixels.shape[0] },
      (_, c) => (give: (data: Volume["data"]) => void) => {
        give(pixels.data.subarray(c * size, (c + 1) * size));
        return Promise.resolve();
      },
    );
    return (await measureChannels(normalization, readableDtype(stack.facts), channels, job)).maps;
  }
  const t = plan.axes.indexOf("T");
  const group =
    options.normalizeScope === "frame" && t >= 0 && plan.roles[t] === "each" ? tile.read[t][0] : 0;
  return measured.maps[group];
}

/** Channels the network writes. */
export function outputChannels({ model }: Pick<Prepared, "model">): number {
  return model.network.outputs[0].channels;
}

/** Channels of the network's output that are intensities; those after them are scales. */
export function meanChannelCount({ model }: Pick<Prepared, "model">): number {
  const channels = model.network.outputs[0].channels;
  return model.probabilistic ? channels / 2 : channels;
}
