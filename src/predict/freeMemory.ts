/**
 * Gives the memory of tiles back as soon as they are written.
 *
 * The garbage collector sees small objects that each hold megabytes outside its heap and takes its time:
 * without a word from us the peak of a run grows with its length.
 * @module
 */
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";

/** Collected once this much pixel memory is held, bytes. */
const MOST_HELD = 96 * 2 ** 20;

let collect: (() => void) | null = null;

/** Collects garbage when much pixel memory is held; takes some milliseconds then, nothing otherwise. */
export function freeTiles(): void {
  if (process.memoryUsage().arrayBuffers < MOST_HELD) return;
  if (collect === null) {
    setFlagsFromString("--expose-gc");
    collect = runInNewContext("gc") as () => void;
  }
  collect();
}
