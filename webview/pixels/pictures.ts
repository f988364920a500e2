/**
 * Gets pixels from the host: what is wished for now, what is stale is dropped, some pictures are kept.
 * @module
 */
import type { PictureSource, PlanePixels, PlaneRequest } from "../../src/protocol/viewer";
import { covers } from "../draw/geometry";

const PATIENCE_MS = 150;
const AT_ONCE = 3;
/** Small pictures take much more memory than their pixels. */
const MOST_PICTURES = 4096;

/** Asks the host for pixels. */
export type ReadPlane = (request: PlaneRequest, signal: AbortSignal) => Promise<PlanePixels>;

/** A request that leaves nothing out but its layer. */
export type FullRequest = PlaneRequest & Required<Pick<PlaneRequest, "region" | "step">>;

/** The same text for the same picture. */
export function sourceKey({ layer = 0, plane, section, projection }: PictureSource): string {
  const { t, z, c } = plane;
  const depth =
    section !== undefined
      ? [section.direction, section.at]
      : projection !== undefined
        ? [projection.method, ...projection.z]
        : [z];
  return [layer, t, c, ...depth].join(",");
}

const groupKey = (request: FullRequest): string =>
  `${sourceKey(request)} ${request.step.y},${request.step.x}`;
const requestKey = (request: FullRequest): string =>
  `${groupKey(request)} ${request.region.y.join(":")} ${request.region.x.join(":")}`;

interface Kept {
  readonly group: string;
  readonly pixels: PlanePixels;
}

interface Running {
  readonly started: number;
  readonly stop: AbortController;
}

/** What became of wishes. */
export interface PictureEvents {
  arrived(): void;
  failed(error: unknown): void;
}

/** Pictures by request, bounded by bytes; a few requests are on their way at a time. */
export class PictureStore {
  readonly #read: ReadPlane;
  readonly #capacity: number;
  readonly #events: PictureEvents;
  readonly #now: () => number;
  readonly #kept = new Map<string, Kept>();
  readonly #running = new Map<string, Running>();
  #wishes = new Map<string, FullRequest>();
  /** Pictures that are shown now: dropping one would only have it asked for again. */
  #needed = new Set<string>();
  #bytes = 0;

  /** @param capacity bytes of pictures to keep; what is wished for is kept however large it is */
  constructor(
    read: ReadPlane,
    capacity: number,
    events: PictureEvents,
    now: () => number = () => performance.now(),
  ) {
    this.#read = read;
    this.#capacity = capacity;
    this.#events = events;
    this.#now = now;
  }

  /** Bytes of the pictures that are kept. */
  get bytes(): number {
    return this.#bytes;
  }

  /** A picture that has at least the region of the request, if one is here. */
  find(request: FullRequest): PlanePixels | undefined {
    const key = this.#keyOf(request);
    const kept = key === undefined ? undefined : this.#kept.get(key);
    return key === undefined || kept === undefined ? undefined : this.#touch(key, kept);
  }

  /**
   * Wishes for pictures, the most urgent first, and for no others: what was wished before and has not begun is
   * forgotten, what has and takes long is cancelled.
   */
  want(requests: readonly FullRequest[]): void {
    this.#wishes = new Map();
    this.#needed = new Set();
    for (const request of requests) {
      const key = this.#keyOf(request);
      this.#needed.add(key ?? requestKey(request));
      if (key === undefined) this.#wishes.set(requestKey(request), request);
    }
    for (const [key, { started, stop }] of this.#running) {
      if (!this.#wishes.has(key) && this.#now() - started > PATIENCE_MS) stop.abort();
    }
    this.#next();
  }

  /** Forgets all pictures and wishes: the file changed. */
  reset(): void {
    this.#kept.clear();
    this.#bytes = 0;
    this.#wishes.clear();
    for (const { stop } of this.#running.values()) stop.abort();
  }

  /** Under which key a picture is kept that has at least the region of the request. */
  #keyOf(request: FullRequest): string | undefined {
    const exact = requestKey(request);
    if (this.#kept.has(exact)) return exact;
    const group = groupKey(request);
    for (const [key, kept] of this.#kept)
      if (kept.group === group && covers(kept.pixels.region, request.region)) return key;
    return undefined;
  }

  #touch(key: string, kept: Kept): PlanePixels {
    this.#kept.delete(key);
    this.#kept.set(key, kept);
    return kept.pixels;
  }

  #next(): void {
    for (const [key, request] of this.#wishes) {
      if (this.#running.size >= AT_ONCE) return;
      if (this.#running.has(key)) continue;
      void this.#fetch(key, request);
    }
  }

  async #fetch(key: string, request: FullRequest): Promise<void> {
    const stop = new AbortController();
    this.#running.set(key, { started: this.#now(), stop });
    const tell = await this.#read(request, stop.signal).then(
      (pixels) => {
        if (stop.signal.aborted) return null;
        this.#keep(key, { group: groupKey(request), pixels });
        return () => this.#events.arrived();
      },
      (error: unknown) => (stop.signal.aborted ? null : () => this.#events.failed(error)),
    );
    this.#running.delete(key);
    if (tell !== null && this.#wishes.delete(key)) tell();
    this.#next();
  }

  #keep(key: string, kept: Kept): void {
    if (this.#kept.has(key)) return;
    this.#kept.set(key, kept);
    this.#bytes += kept.pixels.data.byteLength;
    for (const [oldest, { pixels }] of this.#kept) {
      if (this.#bytes <= this.#capacity && this.#kept.size <= MOST_PICTURES) return;
      if (this.#needed.has(oldest)) continue;
      this.#kept.delete(oldest);
      this.#bytes -= pixels.data.byteLength;
    }
  }
}
