/**
 * The stacks that the reader has open, and its answers to the extension host.
 * @module
 */
import { basename } from "node:path";
import { TilewrightError } from "../../src/errors";
import type { Job } from "../../src/job";
import type { Handlers } from "../../src/protocol/channel";
import type { Reader, ReaderSettings } from "../../src/protocol/reader";
import type { PictureSource, StackDescription } from "../../src/protocol/viewer";
import type { Stack, StackPlace } from "../../src/stack/stack";
import { readableDtype } from "../../src/stack/stored";
import { describeMetadata } from "./metadata";
import { PlaneCache } from "./planeCache";
import { StackPlanes } from "./planes";
import { lengthsOf } from "./planeStore";
import { Turns } from "./turns";

const MAX_OPEN = 256;
const AT_ONCE = 2;
const LARGEST_SHARE = 4;

/** Opens a file, whatever its format is. */
export type OpenStack = (place: StackPlace, job: Job) => Promise<Stack>;

interface OpenEntry {
  readonly stack: Stack;
  readonly planes: StackPlanes;
}

/** The handlers of the reader; everything that they open stays open until `close` is asked for. */
export function createReader(
  openStack: OpenStack,
  settings: ReaderSettings,
  log: (line: string) => void,
): Handlers<Reader> {
  const cache = new PlaneCache(settings.cacheBytes);
  // What takes long, or only measures, never stands before a plane that somebody scrolls to.
  const planeTurns = new Turns(AT_ONCE);
  const depthTurns = new Turns(1);
  const measureTurns = new Turns(1);
  const turnsFor = ({ section, projection }: Partial<PictureSource>): Turns =>
    section === undefined && projection === undefined ? planeTurns : depthTurns;
  const entries = new Map<number, OpenEntry>();
  let nextId = 1;
  const entryOf = (id: unknown): OpenEntry => {
    const entry = typeof id === "number" ? entries.get(id) : undefined;
    if (entry === undefined)
      throw new TilewrightError("reader.closed", "this stack is not open any more", "reopen the file");
    return entry;
  };
  const jobFor = (signal: AbortSignal): Job => ({ signal, report: () => undefined, log });
  return {
    open: async (place, signal) => {
      if (entries.size >= MAX_OPEN)
        throw new TilewrightError("reader.tooMany", `more than ${MAX_OPEN} stacks are open`);
      const stack = await openStack(place, jobFor(signal));
      try {
        const id = nextId++;
        const planes = new StackPlanes(stack, cache, `${id}:`, settings.cacheBytes / LARGEST_SHARE);
        const description = describe(stack);
        entries.set(id, { stack, planes });
        return { id, description };
      } catch (error) {
        await stack.close();
        throw error;
      }
    },
    readPlane: ({ id, ...request }, signal) =>
      turnsFor(request).take(() => entryOf(id).planes.read(request, jobFor(signal)), signal),
    contrast: ({ id, ...request }, signal) =>
      turnsFor(request).take(() => entryOf(id).planes.contrast(request, jobFor(signal)), signal),
    histogram: ({ id, ...request }, signal) =>
      measureTurns.take(() => entryOf(id).planes.histogram(request, jobFor(signal)), signal),
    profile: ({ id, ...request }, signal) =>
      measureTurns.take(() => entryOf(id).planes.profile(request, jobFor(signal)), signal),
    statistics: ({ id, ...request }, signal) =>
      measureTurns.take(() => entryOf(id).planes.statistics(request, jobFor(signal)), signal),
    metadata: async ({ id }) => describeMetadata(entryOf(id).stack),
    close: async ({ id }) => {
      const { stack } = entryOf(id);
      entries.delete(id);
      cache.drop(`${id}:`);
      await stack.close();
      return undefined;
    },
    cacheStatistics: () => cache.statistics,
  };
}

function describe(stack: Stack): StackDescription {
  const { file, series, canonicalAxes, canonicalShape, dtype, pixelSize, channels, compression, warnings } =
    stack.facts;
  const { flavour, layout } = stack.facts;
  return {
    name: basename(file),
    series,
    axes: canonicalAxes,
    shape: [...canonicalShape],
    lengths: lengthsOf(stack),
    dtype: readableDtype(stack.facts),
    storedDtype: dtype,
    pixelSize: pixelSize === null ? null : { ...pixelSize },
    channels: channels.map(({ name, color }) => ({ name, color })),
    compression,
    flavour: flavour === "plain" && layout === "chunks" ? "zarr" : flavour,
    warnings: [...warnings],
  };
}
