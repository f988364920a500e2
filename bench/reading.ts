/**
 * How fast stacks are read: uncompressed against `dd`, compressed against tifffile with imagecodecs, both against
 * geotiff's own readRasters; every peer on the same files in the same run, in turn. Writes its part of
 * docs/benchmarks.md. `--only TEXT` measures the files whose names contain it and writes nothing.
 * @module
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { fromFile } from "geotiff";
import { quietJob } from "../src/job";
import type { Stack } from "../src/stack/stack";
import { readStackInto } from "../src/stack/stack";
import { readableDtype } from "../src/stack/stored";
import { tiffReader } from "../src/stack/tiff/read";
import { allocatePixels } from "../src/volume/pixels";
import type { Region } from "../src/volume/region";
import { regionSize, wholeRegion } from "../src/volume/region";
import { cellImage, pixelBytes, writeImageFile } from "./imageFiles";
import type { Storage } from "./imageFiles";
import { complain, quiet, writePart } from "./page";
import { PythonPeer } from "./peer";

const FOLDER = join(process.cwd(), "dist-test", "bench", "files");
/** The best of so many counts: others may use the machine as well. */
const REPEATS = 7;
/** What takes milliseconds is counted so often in a row each time: the first run finds the caches of the processor as others left them. */
const IN_A_ROW = 3;
const PLANE: Storage["shape"] = [1, 4096, 4096];
const STACK: Storage["shape"] = [64, 1024, 1024];

type Named = Storage & { readonly name: string };

const PLAIN: readonly Named[] = [
  { name: "2-D 4096², uint16, one strip", dtype: "uint16", shape: PLANE },
  { name: "2-D 4096², uint8, strips of 16 rows", dtype: "uint8", shape: PLANE, rows: 16 },
  { name: "2-D 4096², uint16, tiles of 256 px", dtype: "uint16", shape: PLANE, tile: 256 },
  ...(["uint8", "uint16", "float32"] as const).flatMap((dtype): Named[] => [
    { name: `64×1024×1024, ${dtype}, planes`, dtype, shape: STACK },
    { name: `64×1024×1024, ${dtype}, planes, big endian`, dtype, shape: STACK, bigEndian: true },
  ]),
  { name: "64×1024×1024, uint16, strips of 4 rows", dtype: "uint16", shape: STACK, rows: 4 },
  { name: "64×1024×1024, uint16, tiles of 256 px", dtype: "uint16", shape: STACK, tile: 256 },
  {
    name: "64×1024×1024, float32, tiles of 256 px, big endian",
    dtype: "float32",
    shape: STACK,
    tile: 256,
    bigEndian: true,
  },
];

const CODECS = { Deflate: 8, LZW: 5, Zstandard: 50000, PackBits: 32773 } as const;

const COMPRESSED: readonly Named[] = [
  ...Object.entries(CODECS).flatMap(([codec, compression]) =>
    ([1, 2] as const).map((predictor): Named => ({
      name: `${codec}${predictor === 2 ? " with predictor" : ""}, 2-D 4096², uint16, strips of 32 rows`,
      ...{ dtype: "uint16", shape: PLANE, rows: 32, compression, predictor },
    })),
  ),
  ...(["Deflate", "LZW"] as const).flatMap((codec): Named[] => {
    const how = { compression: CODECS[codec], predictor: 2, dtype: "uint16" } as const;
    return [
      {
        name: `${codec} with predictor, 2-D 4096², uint16, tiles of 256 px`,
        ...how,
        shape: PLANE,
        tile: 256,
      },
      { name: `${codec} with predictor, 16×1024×1024, uint16, planes`, ...how, shape: [16, 1024, 1024] },
      {
        name: `${codec} with predictor, 2-D 4096², uint8, strips of 32 rows`,
        ...how,
        dtype: "uint8",
        shape: PLANE,
        rows: 32,
      },
      {
        name: `${codec} with float predictor, 2-D 4096², float32, strips of 32 rows`,
        ...{ ...how, dtype: "float32", predictor: 3, shape: PLANE, rows: 32 },
      },
    ];
  }),
];

interface Measured {
  seconds: number;
  /** Processor time, s. */
  busy: number;
}

/** Keeps the best of what was measured. */
class Best implements Measured {
  seconds = Infinity;
  busy = Infinity;

  add({ seconds, busy }: Measured): void {
    this.seconds = Math.min(this.seconds, seconds);
    this.busy = Math.min(this.busy, busy);
  }
}

async function timed(work: () => Promise<unknown>): Promise<Measured> {
  globalThis.gc?.();
  const before = process.cpuUsage();
  const started = performance.now();
  await work();
  const seconds = (performance.now() - started) / 1000;
  const { user, system } = process.cpuUsage(before);
  return { seconds, busy: (user + system) / 1e6 };
}

async function withStack<T>(path: string, use: (stack: Stack) => Promise<T>): Promise<T> {
  const stack = await tiffReader.open({ path }, quietJob());
  try {
    return await use(stack);
  } finally {
    await stack.close();
  }
}

function planesOf({ facts }: Stack): Region[] {
  const { canonicalShape: shape } = facts;
  if (shape.length === 2) return [wholeRegion(shape)];
  return Array.from({ length: shape[0] }, (_, z) => [[z, z + 1], ...wholeRegion(shape.slice(1))]);
}

/** Opens a file and reads it plane by plane: into the same memory, or each into its own. */
function readPlanes(path: string, own: boolean): Promise<Measured> {
  return withStack(path, async (stack) => {
    const planes = planesOf(stack);
    const kept = allocatePixels(readableDtype(stack.facts), regionSize(planes[0])).fill(1);
    const job = quietJob();
    return timed(async () => {
      for (const plane of planes) {
        if (own) await stack.read(plane, job);
        else await readStackInto(stack, plane, kept, job);
      }
    });
  });
}

function readWhole(path: string): Promise<Measured> {
  return timed(() =>
    withStack(path, (stack) => stack.read(wholeRegion(stack.facts.canonicalShape), quietJob())),
  );
}

async function sumOf(path: string): Promise<number> {
  return withStack(path, async (stack) => {
    let sum = 0;
    for (const plane of planesOf(stack))
      for (const value of (await stack.read(plane, quietJob())).data) sum += value;
    return sum;
  });
}

async function readWithGeotiff(path: string): Promise<Measured> {
  return timed(async () => {
    const file = await fromFile(path);
    const count = await file.getImageCount();
    for (let i = 0; i < count; i++) await (await file.getImage(i)).readRasters();
    await file.close();
  });
}

/** Seconds that `dd` says; null where there is none. */
function readWithDd(path: string, bytesAtOnce: string): number | null {
  const { stderr, error } = spawnSync("dd", [`if=${path}`, "of=/dev/null", `bs=${bytesAtOnce}`], {
    encoding: "utf8",
    env: { ...process.env, LC_ALL: "C" },
  });
  const seconds = error === undefined ? /([\d.e+-]+) s,/.exec(stderr) : null;
  return seconds === null ? null : Number(seconds[1]);
}

/** Writes a file; a sentence when it cannot be written here. */
async function prepareFile(file: Named, peer: PythonPeer | null): Promise<string | null> {
  const path = join(FOLDER, "image.tif");
  const image = cellImage(file.shape[1], file.shape[2]);
  if (file.compression !== CODECS.Zstandard) {
    writeImageFile(path, file, image);
    return path;
  }
  if (peer === null) return null;
  const plain = join(FOLDER, "plain.tif");
  writeImageFile(plain, { ...file, compression: 1, predictor: 1 }, image);
  await peer.writeZstd(plain, path, { predictor: file.predictor ?? 1, rows: file.rows ?? file.shape[1] });
  return path;
}

async function checkSame(file: Named, path: string, peer: PythonPeer | null): Promise<void> {
  if (peer === null) return;
  const [ours, theirs] = [await sumOf(path), (await peer.read(path)).sum];
  if (Math.abs(ours - theirs) > 1e-9 * Math.abs(theirs))
    throw new Error(`${file.name}: our pixels sum up to ${ours}, those of tifffile to ${theirs}`);
}

const rate = (file: Named, seconds: number): string =>
  Number.isFinite(seconds) ? (pixelBytes(file) / 1e6 / seconds).toFixed(0) : "–";
const ratio = (ours: number, theirs: number): string =>
  Number.isFinite(theirs) ? (theirs / ours).toFixed(2) : "–";

async function plainRow(file: Named, peer: PythonPeer | null): Promise<string> {
  const path = (await prepareFile(file, peer))!;
  await checkSame(file, path, peer);
  const [into, planes, whole, dd, ddWhole] = Array.from({ length: 5 }, () => new Best());
  const [theirInto, theirWhole, geotiff] = Array.from({ length: 3 }, () => new Best());
  for (let i = 0; i < REPEATS; i++) {
    for (let k = 0; k < IN_A_ROW; k++) dd.seconds = Math.min(dd.seconds, readWithDd(path, "4M") ?? Infinity);
    for (let k = 0; k < IN_A_ROW; k++) into.add(await readPlanes(path, false));
    for (let k = 0; k < IN_A_ROW && peer !== null; k++) theirInto.add(await peer.readPlanes(path));
    planes.add(await readPlanes(path, true));
    ddWhole.seconds = Math.min(ddWhole.seconds, readWithDd(path, "1G") ?? Infinity);
    whole.add(await readWhole(path));
    if (peer !== null) theirWhole.add(await peer.read(path));
    if (i === 0) geotiff.add(await readWithGeotiff(path));
  }
  const cells = [
    ...[dd, into].map(({ seconds }) => rate(file, seconds)),
    ratio(into.seconds, dd.seconds),
    rate(file, theirInto.seconds),
    ratio(into.seconds, theirInto.seconds),
    ...[planes, whole, ddWhole, theirWhole, geotiff].map(({ seconds }) => rate(file, seconds)),
  ];
  return `| ${[file.name, ...cells].join(" | ")} |`;
}

async function compressedRow(file: Named, peer: PythonPeer | null): Promise<string> {
  const path = await prepareFile(file, peer);
  if (path === null) return `| ${file.name} | not measured: Node has no encoder for it |`;
  await checkSame(file, path, peer);
  const [ours, theirs, geotiff] = Array.from({ length: 3 }, () => new Best());
  for (let i = 0; i < REPEATS; i++) {
    ours.add(await readWhole(path));
    if (peer !== null) theirs.add(await peer.read(path));
    if (i === 0 && file.predictor === 1) geotiff.add(await readWithGeotiff(path));
  }
  const cells = [
    (pixelBytes(file) / statSync(path).size).toFixed(2),
    rate(file, ours.seconds),
    rate(file, theirs.seconds),
    ratio(ours.seconds, theirs.seconds),
    ratio(ours.busy, theirs.busy),
    rate(file, geotiff.seconds),
  ];
  return `| ${[file.name, ...cells].join(" | ")} |`;
}

async function rows(
  files: readonly Named[],
  only: string,
  measure: (file: Named) => Promise<string>,
): Promise<string[]> {
  const out: string[] = [];
  for (const file of files.filter(({ name }) => name.includes(only))) {
    out.push(await measure(file));
    process.stderr.write(`${out.at(-1)!}\n`);
  }
  return out;
}

async function main(): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const option = process.argv.indexOf("--only");
  const only = option < 0 ? "" : (process.argv[option + 1] ?? "");
  const started = await PythonPeer.start();
  const peer = typeof started === "string" ? null : started;
  if (typeof started === "string") process.stderr.write(`${started}\n`);
  try {
    const loads = [await quiet()];
    const plain = await rows(PLAIN, only, (file) => plainRow(file, peer));
    loads.push(await quiet());
    const compressed = await rows(COMPRESSED, only, (file) => compressedRow(file, peer));
    if (option >= 0) return;
    const lines = page(typeof started === "string" ? started : started.versions, plain, compressed);
    process.stdout.write(writePart("npm run bench:reading", Math.max(...loads), lines));
  } finally {
    peer?.stop();
    rmSync(FOLDER, { recursive: true, force: true });
  }
}

function page(peer: string, plain: readonly string[], compressed: readonly string[]): string[] {
  return [
    "## Reading uncompressed files, warm cache, MB/s",
    "",
    `Pixels per second, the best of ${REPEATS} in turn with the peers (${REPEATS} times ${IN_A_ROW} of dd bs=4M and “kept”): ${peer}; geotiff's readRasters once. “Kept” reads`,
    "plane by plane into the same typed array, as `dd` does with its buffer; “new” makes a typed array for each plane;",
    "“whole” reads all planes into one new array, and so do `dd bs=1G` and tifffile.imread: there the system's making",
    "of the memory takes longer than the reading (numpy asks for huge pages, Node does not).",
    "",
    "| file | dd bs=4M | kept | ÷ dd (goal ≥ 0.70) | tifffile kept | ÷ tifffile (goal ≥ 1) | new | whole | dd bs=1G | tifffile whole | geotiff |",
    "|---|---|---|---|---|---|---|---|---|---|---|",
    ...plain,
    "",
    "## Reading compressed files, warm cache, MB/s of pixels",
    "",
    "The whole file into one new array; goal ≥ 0.5 of tifffile for Deflate and LZW. The ratio of processor time leaves",
    "out how many cores each side used. Zstandard files are written by the peer.",
    "",
    "| file | pixels ÷ file | ours | tifffile | ÷ tifffile | ÷ tifffile, processor time | geotiff |",
    "|---|---|---|---|---|---|---|",
    ...compressed,
    "",
  ];
}

void main().catch(complain);
