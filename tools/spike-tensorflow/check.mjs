/**
 * Runs the binding that build.mjs made: one conv3d against a plain float64 loop, the bundled 3-D CARE network op by op
 * against CSBDeep's own output (test/golden/csbdeep/network-3d.f32), and the speed of one layer.
 *
 *     node tools/spike-tensorflow/check.mjs --work FOLDER
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join, resolve } from "node:path";
import util, { parseArgs } from "node:util";
import { File } from "jsfive";

const { values } = parseArgs({ options: { work: { type: "string" } } });
if (!values.work) throw new Error("usage: --work FOLDER");

// Removed in Node 23; the package's 4.22.0 still calls them.
util.isNullOrUndefined ??= (value) => value === null || value === undefined;
util.isArray ??= Array.isArray;
const require = createRequire(join(resolve(values.work), "package.json"));
const tf = require("@tensorflow/tfjs-node-gpu");
const root = new URL("../../", import.meta.url);

function seededNumbers(count) {
  let state = 12345;
  const next = () => (state = (Math.imul(state, 1664525) + 1013904223) >>> 0);
  return Float32Array.from({ length: count }, () => next() / 2147483648 - 1);
}

/** Convolution with zero padding, every product summed in float64; shapes [D, H, W, C] and [d, h, w, C, O]. */
function plainConv3d(x, [D, H, W, C], w, [kd, kh, kw, , O]) {
  const y = new Float64Array(D * H * W * O);
  for (let out = 0; out < y.length; out++) {
    const o = out % O;
    const [q, h, d] = [Math.floor(out / O) % W, Math.floor(out / O / W) % H, Math.floor(out / O / W / H)];
    for (let tap = 0; tap < kd * kh * kw; tap++) {
      const z = d + Math.floor(tap / kw / kh) - (kd >> 1);
      const v = h + (Math.floor(tap / kw) % kh) - (kh >> 1);
      const u = q + (tap % kw) - (kw >> 1);
      if (z < 0 || v < 0 || u < 0 || z >= D || v >= H || u >= W) continue;
      for (let c = 0; c < C; c++) y[out] += x[((z * H + v) * W + u) * C + c] * w[(tap * C + c) * O + o];
    }
  }
  return y;
}

function relativeDifference(a, b) {
  let [worst, low, high] = [0, Infinity, -Infinity];
  for (let i = 0; i < b.length; i++) {
    worst = Math.max(worst, Math.abs(a[i] - b[i]));
    low = Math.min(low, b[i]);
    high = Math.max(high, b[i]);
  }
  return worst / (high - low);
}

async function checkConv3d() {
  const [shape, kernel] = [
    [9, 17, 19, 8],
    [3, 3, 3, 8, 16],
  ];
  const x = seededNumbers(9 * 17 * 19 * 8);
  const w = seededNumbers(27 * 8 * 16);
  const y = await tf.conv3d(tf.tensor5d(x, [1, ...shape]), tf.tensor5d(w, kernel), 1, "same").data();
  console.log(
    `conv3d against a plain loop: ${relativeDifference(y, plainConv3d(x, shape, w, kernel)).toExponential(1)} of the range`,
  );
}

/** Nearest-neighbour upsampling by 2 of a [1, D, H, W, C] tensor with operations of rank ≤ 5. */
function upsample(x) {
  return [1, 2, 3].reduce((y, axis) => {
    const indices = Array.from({ length: 2 * y.shape[axis] }, (_, i) => i >> 1);
    return tf.gather(y, tf.tensor1d(indices, "int32"), axis);
  }, x);
}

function careNetwork(weights, x) {
  const conv = (name, y, activate = true) => {
    const group = weights.get(`${name}/${name}`);
    const kernel = group.get("kernel");
    const z = tf.conv3d(y, tf.tensor5d(Float32Array.from(kernel.value), kernel.shape), 1, "same");
    const biased = tf.add(z, tf.tensor1d(Float32Array.from(group.get("bias").value)));
    return activate ? tf.relu(biased) : biased;
  };
  const level0 = conv("down_level_0_no_1", conv("down_level_0_no_0", x));
  const level1 = conv("down_level_1_no_1", conv("down_level_1_no_0", tf.maxPool3d(level0, 2, 2, "valid")));
  let y = conv("middle_2", conv("middle_0", tf.maxPool3d(level1, 2, 2, "valid")));
  y = conv("up_level_1_no_2", conv("up_level_1_no_0", tf.concat([upsample(y), level1], 4)));
  y = conv("up_level_0_no_2", conv("up_level_0_no_0", tf.concat([upsample(y), level0], 4)));
  return tf.add(
    conv(
      weights.keys.find((key) => key.startsWith("conv3d")),
      y,
      false,
    ),
    x,
  );
}

async function checkCare() {
  const file = readFileSync(new URL("media/sample/models/care3d/weights_best.h5", root));
  const weights = new File(
    file.buffer.slice(file.byteOffset, file.byteOffset + file.length),
    "weights_best.h5",
  );
  const index = JSON.parse(readFileSync(new URL("test/golden/csbdeep/index.json", root), "utf8"));
  const golden = index.networks.find(({ id }) => id === "network-3d");
  const bytes = readFileSync(new URL(`test/golden/csbdeep/${golden.file}`, root));
  const floats = new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
  const count = golden.shape.reduce((a, b) => a * b);
  const y = await careNetwork(weights, tf.tensor(floats.slice(0, count), [1, ...golden.shape, 1])).data();
  const expected = floats.slice(count, 2 * count);
  console.log(
    `3-D CARE against CSBDeep ${index.versions.csbdeep}: ${relativeDifference(y, expected).toExponential(1)} of the range`,
  );
}

function measure(name, run, flop) {
  const times = Array.from({ length: 10 }, () => {
    const started = performance.now();
    const y = run();
    y.dataSync();
    y.dispose();
    return performance.now() - started;
  }).sort((a, b) => a - b);
  console.log(
    `${name}: best ${times[0].toFixed(0)} ms = ${(flop / times[0] / 1e6).toFixed(0)} GFLOP/s, median ${times[5].toFixed(0)} ms`,
  );
}

const backend = tf.backend();
console.log(
  `Node ${process.version}, TensorFlow ${backend.binding.TF_Version}, GPU ${backend.isUsingGpuDevice ? "used" : "not used"}`,
);
await checkConv3d();
await checkCare();
const [x3, w3] = [tf.randomNormal([1, 16, 128, 128, 32]), tf.randomNormal([3, 3, 3, 32, 32])];
measure("conv3d 16×128×128, 32→32", () => tf.conv3d(x3, w3, 1, "same"), 2 * 16 * 128 * 128 * 27 * 1024);
const [x2, w2] = [tf.randomNormal([1, 512, 512, 32]), tf.randomNormal([3, 3, 32, 32])];
measure("conv2d 512×512, 32→32", () => tf.conv2d(x2, w2, 1, "same"), 2 * 512 * 512 * 9 * 1024);
