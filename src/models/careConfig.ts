/**
 * The `config.json` of a CARE model folder, and that of Noise2Void, which is CARE's with more keys.
 *
 * Keys, defaults and rules are those of CSBDeep 0.8.1 and N2V 0.3; see docs/numerics.md.
 * @module
 */
import { z } from "zod";
import { TilewrightError } from "../errors";

/** What the configuration says about the network, defaults filled in. */
export interface CareConfig {
  /** Network axes, channels last, such as `ZYXC`. */
  readonly axes: string;
  readonly channelsIn: number;
  readonly channelsOut: number;
  readonly probabilistic: boolean;
  readonly residual: boolean;
  readonly depth: number;
  readonly kernel: number;
  /** Filters of the first level. */
  readonly firstFilters: number;
  readonly lastActivation: "linear" | "relu";
  readonly batchNorm: boolean;
  readonly batchNormEpsilon: number;
  /** Noise2Void: one network per channel, joined at the end. */
  readonly netPerChannel: boolean;
  /** Noise2Void: intensity statistics of the training data, per channel. */
  readonly means: readonly number[] | null;
  readonly sds: readonly number[] | null;
  /** px per spatial axis; null when the file does not say. */
  readonly patchShape: readonly number[] | null;
  readonly epochs: number | null;
  readonly loss: string | null;
}

const count = (max: number): z.ZodNumber => z.number().int().min(1).max(max);
/** N2V writes its statistics as text. */
const numeric = z
  .union([
    z.number(),
    z
      .string()
      .regex(/^\s*[-+]?[\d.]+(e[-+]?\d+)?\s*$/i)
      .transform(Number),
  ])
  .pipe(z.number());
/** Keys that say how it was trained: kept loose, they do not change the prediction. */
const anything = z.unknown().optional();

const CARE_KEYS = {
  n_dim: z.number().optional(),
  axes: z.string(),
  n_channel_in: count(4096).optional(),
  n_channel_out: count(4096).optional(),
  probabilistic: z.boolean().optional(),
  unet_residual: z.boolean().optional(),
  unet_n_depth: count(10).optional(),
  unet_kern_size: count(63).optional(),
  unet_n_first: count(4096).optional(),
  unet_last_activation: z.enum(["linear", "relu"]).optional(),
  unet_input_shape: z.array(z.number().nullable()).optional(),
  train_checkpoint: anything,
  train_checkpoint_last: anything,
  train_checkpoint_epoch: anything,
  train_loss: z.string().optional(),
  train_epochs: z.number().optional(),
  train_steps_per_epoch: anything,
  train_learning_rate: anything,
  train_batch_size: anything,
  train_tensorboard: anything,
  train_reduce_lr: anything,
  allow_new_parameters: anything,
};

const N2V_KEYS = {
  type: anything,
  means: z.array(numeric).optional(),
  stds: z.array(numeric.pipe(z.number().positive())).optional(),
  batch_norm: z.boolean().optional(),
  batch_norm_epsilon: z.number().positive().max(1).optional(),
  single_net_per_channel: z.boolean().optional(),
  blurpool: z.boolean().optional(),
  skip_skipone: z.boolean().optional(),
  structN2Vmask: anything,
  n2v_perc_pix: anything,
  n2v_patch_shape: z.array(count(2 ** 20)).optional(),
  n2v_manipulator: anything,
  n2v_neighborhood_radius: anything,
  n2v_leave_center: anything,
};

const CONFIG = z.object({ ...CARE_KEYS, ...N2V_KEYS });
type RawConfig = z.infer<typeof CONFIG>;

/** First keys of configurations that are not CARE's own, and what they belong to. */
const FOREIGN: readonly (readonly [prefix: RegExp, what: string])[] = [
  [/^proj_/, "ProjectionCARE (the network removes an axis)"],
  [
    /^(n_rays|grid|backbone|anisotropy|rays_json|unet_pool|unet_activation|net_conv_after_unet|resnet_)/,
    "StarDist",
  ],
];

/**
 * Checks the parsed `config.json`.
 *
 * @param file for messages
 * @throws {TilewrightError} `model.unknownKey`, `model.badConfig`, `model.unsupported`
 */
export function parseCareConfig(json: unknown, file: string): CareConfig {
  if (typeof json !== "object" || json === null || Array.isArray(json)) {
    throw new TilewrightError("model.badConfig", `${file}: expected a JSON object, found ${describe(json)}`);
  }
  const keys = Object.keys(json);
  refuseForeign(keys, file);
  const isN2v = keys.some((key) => key in N2V_KEYS);
  const unknown = keys.find((key) => !(key in CARE_KEYS) && !(isN2v && key in N2V_KEYS));
  if (unknown !== undefined) {
    throw new TilewrightError(
      "model.unknownKey",
      `${file}: unknown key "${unknown}"`,
      "this is not a plain CARE or Noise2Void configuration; check that the model was written by CSBDeep",
    );
  }
  const parsed = CONFIG.safeParse(json);
  if (!parsed.success) {
    const { path, message } = parsed.error.issues[0];
    throw new TilewrightError("model.badConfig", `${file}: key "${path.join(".")}": ${message}`);
  }
  return complete(parsed.data, isN2v, file);
}

function describe(json: unknown): string {
  if (json === null) return "null";
  return Array.isArray(json) ? "a list" : `a ${typeof json}`;
}

function refuseForeign(keys: readonly string[], file: string): void {
  for (const [prefix, what] of FOREIGN) {
    const key = keys.find((candidate) => prefix.test(candidate));
    if (key === undefined) continue;
    throw new TilewrightError(
      "model.unsupported",
      `${file}: key "${key}" belongs to ${what}, which is not supported`,
      "use a plain CARE or Noise2Void model, or an ONNX export of this one",
    );
  }
}

function complete(raw: RawConfig, isN2v: boolean, file: string): CareConfig {
  const axes = checkAxes(raw, file);
  const rank = axes.length - 1;
  const channelsIn = raw.n_channel_in ?? 1;
  const channelsOut = raw.n_channel_out ?? channelsIn;
  const config: CareConfig = {
    axes,
    channelsIn,
    channelsOut,
    probabilistic: raw.probabilistic ?? false,
    residual: raw.unet_residual ?? (isN2v ? false : channelsIn === channelsOut),
    depth: raw.unet_n_depth ?? 2,
    kernel: raw.unet_kern_size ?? (rank === 2 ? 5 : 3),
    firstFilters: raw.unet_n_first ?? 32,
    lastActivation: raw.unet_last_activation ?? "linear",
    batchNorm: raw.batch_norm ?? isN2v,
    batchNormEpsilon: raw.batch_norm_epsilon ?? 1e-3,
    netPerChannel: isN2v && channelsIn > 1 && (raw.single_net_per_channel ?? true),
    means: raw.means ?? null,
    sds: raw.stds ?? null,
    patchShape:
      raw.n2v_patch_shape?.length === rank ? raw.n2v_patch_shape : fixedShape(raw.unet_input_shape, rank),
    epochs: raw.train_epochs ?? null,
    loss: raw.train_loss ?? null,
  };
  checkTogether(config, raw, file);
  return config;
}

function checkAxes(raw: RawConfig, file: string): string {
  const axes = raw.axes.toUpperCase();
  const spatial = axes.slice(0, -1);
  const letters = [...spatial].sort().join("");
  if (!axes.endsWith("C") || !["XY", "XYZ", "TXY"].includes(letters)) {
    throw new TilewrightError(
      "model.badConfig",
      `${file}: key "axes": expected Y, X and at most one of Z and T, then C last, such as YXC or ZYXC, found "${raw.axes}"`,
    );
  }
  if (raw.n_dim !== undefined && raw.n_dim !== spatial.length) {
    throw new TilewrightError(
      "model.badConfig",
      `${file}: key "n_dim": expected ${spatial.length} for axes ${axes}, found ${raw.n_dim}`,
      "one of the two keys was edited; correct it",
    );
  }
  return axes;
}

function fixedShape(shape: readonly (number | null)[] | undefined, rank: number): number[] | null {
  const lengths = (shape ?? [])
    .slice(0, rank)
    .filter((length): length is number => length !== null && length > 0);
  return lengths.length === rank ? lengths : null;
}

function checkTogether(config: CareConfig, raw: RawConfig, file: string): void {
  const { channelsIn, channelsOut } = config;
  if (config.residual && channelsIn !== channelsOut) {
    throw new TilewrightError(
      "model.badConfig",
      `${file}: a residual network needs as many output as input channels, found ${channelsIn} and ${channelsOut}`,
    );
  }
  if (config.kernel % 2 === 0) {
    throw new TilewrightError(
      "model.badConfig",
      `${file}: key "unet_kern_size": expected an odd number, found ${config.kernel}`,
    );
  }
  for (const key of ["means", "stds"] as const) {
    const list = raw[key];
    if (list !== undefined && list.length !== channelsIn) {
      throw new TilewrightError(
        "model.badConfig",
        `${file}: key "${key}": expected ${channelsIn} numbers, found ${list.length}`,
      );
    }
  }
  for (const key of ["blurpool", "skip_skipone"] as const) {
    if (raw[key] !== true) continue;
    throw new TilewrightError(
      "model.unsupported",
      `${file}: "${key}" is true (N2V2), which is not supported`,
      "export the model as ONNX",
    );
  }
  if (config.netPerChannel && (config.residual || config.probabilistic || channelsIn !== channelsOut)) {
    throw new TilewrightError(
      "model.unsupported",
      `${file}: one network per channel ("single_net_per_channel") together with residual or probabilistic output is not supported`,
    );
  }
}
