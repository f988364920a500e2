/**
 * Pictures of docs/diagnose.md: cases of the diagnosis benchmark, beside what the tiles changed. Run by
 * `node tools/diagnosis.mjs`.
 * @module
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { encode } from "fast-png";
import { exactCase, plantedCase } from "../../bench/diagnose/cases";
import type { Case } from "../../bench/diagnose/cases";
import { openNetworks } from "../../bench/diagnose/networks";
import { measureBlind } from "../../src/diagnose/blind/blind";
import { quietJob } from "../../src/job";
import { percentileRange } from "../../src/predict/percentiles";
import { wholeRegion } from "../../src/volume/region";
import type { PixelArray } from "../../src/volume/pixels";

const PICTURES = [
  { name: "blind-found", make: plantedCase, seed: 43 },
  { name: "blind-printed", make: plantedCase, seed: 518 },
  { name: "blind-normalization", make: plantedCase, seed: 18 },
  { name: "blind-missed", make: plantedCase, seed: 59 },
  { name: "blind-montage", make: exactCase, seed: 29 },
] as const;
const LIMIT_BYTES = 60_000;
const GAP = 8;
const TICK = 5;

async function main(): Promise<void> {
  const { networks } = await openNetworks();
  for (const { name, make, seed } of PICTURES) {
    const one = await make(seed, networks);
    if (one === null) throw new Error(`${name}: seed ${seed} gives no case`);
    const { grid, findings, seams } = await measureBlind(one.stack, {}, quietJob());
    process.stdout.write(
      `${name}: ${one.kind}, ${one.name}, ${one.run?.network.name ?? "no network"}; true ${JSON.stringify(one.truth.grid)}, ` +
        `found ${JSON.stringify(grid)}; ${findings.map(({ cause }) => cause).join(", ") || "no finding"}\n`,
    );
    const png = await drawn(one, seams);
    if (png.length > LIMIT_BYTES) throw new Error(`${name}: ${png.length} bytes`);
    writeFileSync(join("docs", "images", `${name}.png`), png);
  }
}

/** The image, found seams as ticks at its upper and left side; at its right, where there is one, |tiled − untiled|. */
async function drawn(
  { stack, untiled }: Case,
  seams: readonly { readonly axis: string; readonly position: number }[],
): Promise<Uint8Array> {
  const { data, shape } = await stack.read(wholeRegion(stack.facts.canonicalShape), quietJob());
  const [height, width] = shape;
  const panels = [grey(data)];
  if (untiled !== null && untiled.data.constructor === data.constructor) {
    panels.push(grey(Float32Array.from(data, (value, i) => Math.abs(value - untiled.data[i]))));
  }
  const fullWidth = TICK + panels.length * width + (panels.length - 1) * GAP;
  const out = new Uint8Array(fullWidth * (height + TICK)).fill(255);
  panels.forEach((panel, k) => {
    for (let y = 0; y < height; y++) {
      out.set(panel.subarray(y * width, (y + 1) * width), (y + TICK) * fullWidth + TICK + k * (width + GAP));
    }
  });
  for (const { axis, position } of seams) {
    for (let i = 0; i < TICK; i++) {
      if (axis === "X") out[i * fullWidth + TICK + position] = 0;
      else out[(position + TICK) * fullWidth + i] = 0;
    }
  }
  return encode({ width: fullWidth, height: height + TICK, data: out, channels: 1, depth: 8 });
}

function grey(data: PixelArray): Uint8Array {
  const [low, high] = percentileRange(data, 0.5, 99.5);
  // 64 levels: small files, and nobody sees the difference.
  return Uint8Array.from(data, (value) => {
    const level = Math.max(0, Math.min(1, (value - low) / (high - low || 1)));
    return 4 * Math.round(63 * level);
  });
}

main().catch((error: unknown) => {
  process.stderr.write(`pictures: ${error instanceof Error ? error.message : String(error)}\n`);
  process.exitCode = 1;
});
