/**
 * `npm run bench:viewer`: how fast the slice viewer is, in a real VS Code (server and headless Chromium, drawing in
 * software). Writes its part of docs/benchmarks.md.
 * @module
 */
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { writeSparseBigTiff } from "../test/support/bigTiff";
import { cellImage, writeImageFile } from "./imageFiles";
import { complain, quiet, writePart } from "./page";
import { descendantBytes } from "./processes";

/** What is used of test/vscode-host/session.mjs. */
interface Session {
  openFile(name: string): Promise<void>;
  press(keys: string): Promise<void>;
  wait(target: { frame?: string; selector: string; timeout?: number }): Promise<void>;
  evaluate(target: { frame: "webview"; expression: string }): Promise<unknown>;
  palette(command: string): Promise<void>;
  ready(): Promise<void>;
  close(): Promise<void>;
}

const FOLDER = join(process.cwd(), "dist-test", "bench", "viewer");
/** Where questions to the extension host and its answers are. */
const PROBE = join(process.cwd(), "dist-test", "bench", "probe");
const OPENS = 5;
const COLD_SLICES = 60;
const COLD_DEPTH = 100;
const MANY_SLICES = 1000;
/** Slices that fit into what the viewer keeps. */
const CACHED_SLICES = 24;
const SIDE = 1024;

async function main(): Promise<void> {
  for (const folder of [FOLDER, PROBE]) {
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
  }
  makeFiles();
  const load = await quiet();
  const session = await openVsCode();
  try {
    const rows = [
      ...(await measureOpening(session)),
      ...(await measureCached(session)),
      ...(await measureCold(session)),
      ...(await measureMany(session)),
    ];
    const lines = [
      "| what | figure | goal |",
      "|---|---|---|",
      ...rows.map((row) => `| ${row.join(" | ")} |`),
    ];
    process.stdout.write(writePart("npm run bench:viewer", load, lines));
  } finally {
    await session.close();
    rmSync(FOLDER, { recursive: true, force: true });
  }
}

function makeFiles(): void {
  const value = (row: number, column: number): number => 100 + ((row * 31 + column * 7) % 4001);
  writeSparseBigTiff(join(FOLDER, "small.tif"), { planes: 5, size: SIDE, written: 2, value });
  writeSparseBigTiff(join(FOLDER, "big.tif"), { planes: 5000, size: SIDE, written: 2499, value });
  const image = cellImage(SIDE, SIDE);
  const lzw = { dtype: "uint16", compression: 5, predictor: 2, rows: 32 } as const;
  writeImageFile(join(FOLDER, "cached.tif"), { ...lzw, shape: [CACHED_SLICES, SIDE, SIDE] }, image);
  writeImageFile(join(FOLDER, "lzw.tif"), { ...lzw, shape: [COLD_DEPTH, SIDE, SIDE] }, image);
  writeImageFile(join(FOLDER, "plain.tif"), { dtype: "uint16", shape: [COLD_DEPTH, SIDE, SIDE] }, image);
  writeSparseBigTiff(join(FOLDER, "many.tif"), { planes: MANY_SLICES, size: SIDE, written: 0, value });
}

async function openVsCode(): Promise<Session> {
  const path = pathToFileURL(join(process.cwd(), "test/vscode-host/session.mjs")).href;
  const { openSession } = (await import(path)) as {
    readonly openSession: (options: Readonly<Record<string, unknown>>) => Promise<Session>;
  };
  const session = await openSession({
    workspace: FOLDER,
    extension: process.cwd(),
    tests: join(process.cwd(), "dist-test", "bench", "hostProbe.cjs"),
    env: { TILEWRIGHT_PROBE: PROBE },
    viewport: { width: 1400, height: 1300 },
    settings: { "window.commandCenter": false },
  });
  await session.ready();
  return session;
}

const inViewer = (session: Session, expression: string): Promise<unknown> =>
  session.evaluate({ frame: "webview", expression });

/** Opens a file; ms from the start of the viewer's script to its first picture. */
async function open(session: Session, name: string): Promise<number> {
  await session.openFile(name);
  await session.wait({ frame: "webview", selector: "body[data-first-picture]", timeout: 60_000 });
  return Number(await inViewer(session, "document.body.dataset.firstPicture"));
}

const close = (session: Session): Promise<void> => session.palette("View: Close All Editors");

const median = (values: readonly number[]): number => quantile(values, 0.5);

function quantile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))];
}

/** A file of 10 GB against one of 10 MB, in turn. */
async function measureOpening(session: Session): Promise<string[][]> {
  const times = { small: [] as number[], big: [] as number[] };
  for (let i = 0; i <= OPENS; i++) {
    for (const name of ["small", "big"] as const) {
      const ms = await open(session, `${name}.tif`);
      if (i > 0) times[name].push(ms);
      await close(session);
    }
  }
  const [small, big] = [median(times.small), median(times.big)];
  return [
    ["first picture of 10 MB, 5 planes", `${small.toFixed(0)} ms`, ""],
    ["first picture of 10 GB, 5000 planes", `${big.toFixed(0)} ms`, ""],
    ["ratio", (big / small).toFixed(2), "≤ 1.5"],
  ];
}

/** Tools for the measurements, put into the viewer's page. */
const PAGE_TOOLS = `
  window.bytesIn = 0;
  window.addEventListener("message", ({ data }) => {
    const pixels = data?.kind === "result" ? data.value?.data : undefined;
    if (ArrayBuffer.isView(pixels)) window.bytesIn += pixels.byteLength;
  });
  window.planeShown = () => document.querySelector("#picture").dataset.plane;
  window.goTo = (z) => {
    const slider = document.querySelector("#z-slider");
    slider.value = String(z);
    slider.dispatchEvent(new Event("input"));
  };
  window.untilShown = (z) => new Promise((resolve) => {
    const look = () => window.planeShown() === "0," + z + ",0" ? resolve() : requestAnimationFrame(look);
    look();
  });
  undefined`;

/** Slices a second that were drawn before. */
async function measureCached(session: Session): Promise<string[][]> {
  await open(session, "cached.tif");
  await inViewer(session, PAGE_TOOLS);
  const { rate, side } = (await inViewer(
    session,
    `(async () => {
      for (let z = 0; z < ${CACHED_SLICES}; z++) { goTo(z); await untilShown(z); }
      let drawn = 0;
      let last = planeShown();
      const start = performance.now();
      for (let i = 0; performance.now() - start < 4000; i++) {
        goTo(i % ${CACHED_SLICES});
        await new Promise(requestAnimationFrame);
        if (planeShown() !== last) { drawn++; last = planeShown(); }
      }
      const { width, height } = document.querySelector("#picture").getBoundingClientRect();
      return { rate: drawn / ((performance.now() - start) / 1000), side: Math.min(width, height) };
    })()`,
  )) as { rate: number; side: number };
  await close(session);
  return [[`cached slices of ${SIDE}² drawn a second, on ${Math.round(side)} px`, rate.toFixed(0), "≥ 20"]];
}

/** The time of slices never seen before, and the bytes that came. */
async function coldSlices(
  session: Session,
  name: string,
): Promise<{ readonly times: number[]; readonly share: number }> {
  await open(session, name);
  await inViewer(session, PAGE_TOOLS);
  const { times, bytes, pixels } = (await inViewer(
    session,
    `(async () => {
      bytesIn = 0;
      const times = [];
      for (let i = 0; i < ${COLD_SLICES}; i++) {
        const z = (i * 37 + 5) % ${COLD_DEPTH};
        const start = performance.now();
        goTo(z);
        await untilShown(z);
        times.push(performance.now() - start);
      }
      const zoom = Number.parseFloat(document.querySelector("#zoom").textContent) / 100;
      const side = ${SIDE} * Math.min(1, zoom * devicePixelRatio);
      return { times, bytes: bytesIn, pixels: side * side };
    })()`,
  )) as { times: number[]; bytes: number; pixels: number };
  await close(session);
  return { times, share: bytes / (COLD_SLICES * pixels * 2) };
}

async function measureCold(session: Session): Promise<string[][]> {
  const plain = await coldSlices(session, "plain.tif");
  writeFileSync(join(PROBE, "start"), "");
  const lzw = await coldSlices(session, "lzw.tif");
  const delay = await probed();
  const row = (what: string, times: readonly number[], share: number): string[] => [
    `${what} slice of ${SIDE}² never seen before, p${share * 100}`,
    `${quantile(times, share).toFixed(0)} ms`,
    "",
  ];
  return [
    row("uncompressed", plain.times, 0.5),
    row("uncompressed", plain.times, 0.95),
    row("LZW", lzw.times, 0.5),
    row("LZW", lzw.times, 0.95),
    ["bytes sent ÷ visible pixels at screen resolution", lzw.share.toFixed(2), "≤ 1.2"],
    ["extension host, event-loop delay while scrolling LZW, p99", `${delay.p99.toFixed(1)} ms`, "< 50 ms"],
    ["the same, largest", `${delay.max.toFixed(1)} ms`, ""],
  ];
}

/** What the probe in the extension host measured since `start`. */
async function probed(): Promise<{ readonly p99: number; readonly max: number }> {
  const answer = join(PROBE, "answer.json");
  writeFileSync(join(PROBE, "stop"), "");
  for (let tries = 0; !existsSync(answer) && tries < 100; tries++)
    await new Promise((resolve) => setTimeout(resolve, 100));
  return JSON.parse(readFileSync(answer, "utf8")) as { p99: number; max: number };
}

/** Memory of everything that the browser runs, after a few slices and after a thousand. */
async function measureMany(session: Session): Promise<string[][]> {
  await open(session, "many.tif");
  await inViewer(session, PAGE_TOOLS);
  const look = async (from: number, to: number): Promise<number> => {
    await inViewer(
      session,
      `(async () => { for (let z = ${from}; z < ${to}; z++) { goTo(z); await untilShown(z); } })()`,
    );
    await new Promise((resolve) => setTimeout(resolve, 3000));
    return descendantBytes(process.pid, "--type=renderer");
  };
  const early = await look(0, MANY_SLICES / 5);
  const late = await look(MANY_SLICES / 5, MANY_SLICES);
  const mib = (bytes: number): string => `${Math.round(bytes / 2 ** 20)} MiB`;
  return [
    [`resident memory of Chromium's renderers after ${MANY_SLICES / 5} slices`, mib(early), ""],
    [`the same after ${MANY_SLICES} slices`, mib(late), "bounded"],
  ];
}

void main().catch(complain);
