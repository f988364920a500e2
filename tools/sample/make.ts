/**
 * @module
 * Command line of the sample generator: writes `noisy-SEED.npy` (uint16) and `clean-SEED.npy` (float32), shape Z, Y, X
 * (Y, X when Z is 1), for the Python scripts of this folder.
 *
 *     npx esbuild tools/sample/make.ts --bundle --platform=node --outfile=make.cjs
 *     node make.cjs --out FOLDER --seed 1 --count 8 --shape 24,256,256 [--kind mixed]
 */
import { createHash } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { generateSample, type SampleKind } from "./generate";

/** An array as the bytes of a NumPy .npy file, format 1.0, C order (specification: NEP 1). */
function npyBytes(data: Uint16Array | Float32Array, shape: readonly number[]): Buffer {
  const descr = data instanceof Uint16Array ? "<u2" : "<f4";
  const tuple = shape.length === 1 ? `(${shape[0]},)` : `(${shape.join(", ")})`;
  const text = `{'descr': '${descr}', 'fortran_order': False, 'shape': ${tuple}, }`;
  // The header is padded so that the data begin at a multiple of 64 bytes: 10 bytes of prefix, text, blanks, newline.
  const padded = text.padEnd(Math.ceil((10 + text.length + 1) / 64) * 64 - 10 - 1) + "\n";
  const prefix = Buffer.from([
    0x93,
    0x4e,
    0x55,
    0x4d,
    0x50,
    0x59,
    1,
    0,
    padded.length & 255,
    padded.length >> 8,
  ]);
  const body = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  return Buffer.concat([prefix, Buffer.from(padded, "latin1"), body]);
}

function isKind(text: string): text is SampleKind {
  return text === "nuclei" || text === "filaments" || text === "mixed";
}

function main(): void {
  const { values } = parseArgs({
    options: {
      out: { type: "string" },
      seed: { type: "string", default: "1" },
      count: { type: "string", default: "1" },
      shape: { type: "string", default: "24,256,256" },
      kind: { type: "string", default: "mixed" },
    },
  });
  const [z, y, x, ...rest] = values.shape.split(",").map(Number);
  if (
    !values.out ||
    z === undefined ||
    y === undefined ||
    x === undefined ||
    rest.length > 0 ||
    !isKind(values.kind)
  ) {
    throw new Error("usage: --out FOLDER --seed N --count N --shape Z,Y,X --kind nuclei|filaments|mixed");
  }
  mkdirSync(values.out, { recursive: true });
  for (let i = 0; i < Number(values.count); i++) {
    const seed = Number(values.seed) + i;
    const sample = generateSample({ seed, shape: [z, y, x], kind: values.kind });
    const shape = z === 1 ? [y, x] : [z, y, x];
    writeFileSync(join(values.out, `noisy-${seed}.npy`), npyBytes(sample.noisy, shape));
    writeFileSync(join(values.out, `clean-${seed}.npy`), npyBytes(sample.clean, shape));
    const bytes = new Uint8Array(sample.noisy.buffer, 0, sample.noisy.byteLength);
    process.stderr.write(`seed ${seed}: noisy sha256 ${createHash("sha256").update(bytes).digest("hex")}\n`);
  }
}

main();
