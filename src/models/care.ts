/**
 * CARE model folders (CSBDeep, Noise2Void): `config.json` and HDF5 weights.
 * @module
 */
import { readFile, readdir, stat } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { TilewrightError } from "../errors";
import type { Job } from "../job";
import { parseCareConfig } from "./careConfig";
import type { CareConfig } from "./careConfig";
import { buildCareNetwork } from "./careNetwork";
import { hashFiles } from "./hash";
import { readKerasWeights } from "./keras/hdf5";
import type { Model, ModelFormat, Normalization, Training } from "./model";

const CONFIG = "config.json";
const MAX_CONFIG_BYTES = 2 ** 20;
/** CSBDeep's default normaliser. */
const PERCENTILES = { low: 2, high: 99.8 };

/** CARE folders, and Noise2Void's, which are the same with more keys. */
export const careFormat: ModelFormat = {
  id: "care",
  label: "CARE folder (config.json and HDF5 weights)",
  recognise: isCareFolder,
  load: loadCare,
};

async function isCareFolder(path: string): Promise<boolean> {
  try {
    return (await readdir(path)).includes(CONFIG);
  } catch {
    return false;
  }
}

async function loadCare(path: string, job: Job): Promise<Model> {
  const configFile = join(path, CONFIG);
  const config = parseCareConfig(await readJson(configFile), configFile);
  const weightsFile = await chooseWeights(path);
  const weights = await readKerasWeights(weightsFile, job);
  job.signal.throwIfAborted();
  const network = buildCareNetwork(config, weights);
  return {
    kind: "care",
    name: basename(resolve(path)),
    path,
    sha256: await hashFiles([configFile, weightsFile]),
    network,
    inputs: [{ name: "input", axes: config.axes, channels: config.channelsIn, dtype: "float32" }],
    outputs: [
      {
        name: network.outputs[0].name,
        axes: config.axes,
        channels: network.outputs[0].channels,
        dtype: "float32",
        meaning: config.probabilistic ? "mean and scale" : "mean",
      },
    ],
    normalization: normalizationOf(config),
    care: { depth: config.depth, kernel: config.kernel, pool: 2 },
    probabilistic: config.probabilistic,
    training: trainingOf(config),
    warnings: warningsOf(config),
  };
}

async function readJson(file: string): Promise<unknown> {
  const { size } = await stat(file);
  if (size > MAX_CONFIG_BYTES) {
    throw new TilewrightError(
      "model.badConfig",
      `${file}: ${size} bytes, a configuration has at most ${MAX_CONFIG_BYTES}`,
    );
  }
  try {
    return JSON.parse(await readFile(file, "utf8")) as unknown;
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    throw new TilewrightError("model.badConfig", `${file}: not valid JSON: ${error.message.split("\n")[0]}`);
  }
}

/** CSBDeep's choice: newest first, the first whose name contains "best", else the newest. */
async function chooseWeights(folder: string): Promise<string> {
  const names = (await readdir(folder)).filter((name) => /\.(h5|hdf5)$/i.test(name)).sort();
  const dated = await Promise.all(
    names.map(async (name) => ({ name, modified: (await stat(join(folder, name))).mtimeMs })),
  );
  dated.sort((a, b) => b.modified - a.modified);
  const chosen = dated.find(({ name }) => name.includes("best")) ?? dated.at(0);
  if (chosen === undefined) {
    throw new TilewrightError(
      "model.missingWeights",
      `${folder}: no weights beside ${CONFIG}, expected a file *.h5 or *.hdf5`,
      "copy weights_best.h5 into the folder",
    );
  }
  return join(folder, chosen.name);
}

/** N2V normalises with the statistics of its training data; CARE by percentiles, undone only when channels match. */
function normalizationOf(config: CareConfig): Normalization {
  const undo = config.channelsIn === config.channelsOut;
  if (config.means !== null && config.sds !== null)
    return { mode: "fixed", means: config.means, sds: config.sds, undo };
  return { mode: "percentile", ...PERCENTILES, undo };
}

function trainingOf({ patchShape, epochs, loss }: CareConfig): Training | null {
  if (patchShape === null && epochs === null && loss === null) return null;
  return {
    ...(patchShape === null ? {} : { patchShape }),
    ...(epochs === null ? {} : { epochs }),
    ...(loss === null ? {} : { loss }),
  };
}

function warningsOf(config: CareConfig): string[] {
  const warnings: string[] = [];
  if (config.channelsIn !== config.channelsOut) {
    warnings.push(
      `${config.channelsIn} input and ${config.channelsOut} output channels: the normalisation is not undone, values stay in the network's range`,
    );
  }
  return warnings;
}
