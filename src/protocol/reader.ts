/**
 * Every message between the extension host and its reader, the worker thread that decodes planes.
 * @module
 */
import type {
  ContrastLimits,
  ContrastRequest,
  Histogram,
  PictureSource,
  PlanePixels,
  PlaneRequest,
  Profile,
  ProfileRequest,
  StackDescription,
  StackMetadata,
  Statistics,
  StatisticsRequest,
} from "./viewer";

/** A stack that the reader has open. */
export interface OpenedStack {
  /** Number under which the reader knows it, until it is closed. */
  readonly id: number;
  readonly description: StackDescription;
}

/**
 * The reader: opens stacks, decodes planes, measures them. Requests about pictures come from viewers as they are; the
 * reader checks them.
 */
export interface Reader {
  requests: {
    /** Opens a stack of the file at an absolute path; without a series the first that has pixels in it. */
    open(params: { readonly path: string; readonly series?: number | undefined }): OpenedStack;
    readPlane(params: PlaneRequest & { readonly id: number }): PlanePixels;
    contrast(params: ContrastRequest & { readonly id: number }): ContrastLimits;
    histogram(params: PictureSource & { readonly id: number }): Histogram;
    profile(params: ProfileRequest & { readonly id: number }): Profile;
    statistics(params: StatisticsRequest & { readonly id: number }): readonly Statistics[];
    metadata(params: { readonly id: number }): StackMetadata;
    close(params: { readonly id: number }): undefined;
    /** Bytes of decoded planes in memory, and how often a plane was decoded and found. */
    cacheStatistics(params: undefined): {
      readonly bytes: number;
      readonly decoded: number;
      readonly found: number;
    };
  };
  events: {
    log: { readonly line: string };
  };
}

/** The host announces nothing to the reader: it asks, and cancels what it asked. */
export interface ReaderOwner {
  requests: object;
  events: object;
}

/** What the reader is started with. */
export interface ReaderSettings {
  /** Decoded planes kept in memory, bytes. */
  readonly cacheBytes: number;
}
