/**
 * How much two pictures differ, and the scale on which that is shown. Pure.
 * @module
 */
import type { PlanePixels, PlaneRegion } from "../../src/protocol/viewer";
import { commonSamples } from "./align";

/** How much two pictures differ. */
export interface DifferenceFacts {
  /** Pixels of which both have a finite value. */
  readonly count: number;
  readonly rms: number;
  readonly largest: number;
}

/**
 * The differences of the samples that two pictures with the same steps have in common, inside a region of the picture
 * (default: all of it). What is not finite is left out.
 */
export function differenceFacts(a: PlanePixels, b: PlanePixels, inside?: PlaneRegion): DifferenceFacts {
  let [count, squares, largest] = [0, 0, 0];
  const rows = commonSamples("y", a, b, inside?.y);
  const columns = commonSamples("x", a, b, inside?.x);
  for (let row = 0; row < rows.count; row++) {
    const atA = (rows.a + row) * a.width + columns.a;
    const atB = (rows.b + row) * b.width + columns.b;
    for (let column = 0; column < columns.count; column++) {
      const difference = Math.abs(a.data[atA + column] - b.data[atB + column]);
      if (!Number.isFinite(difference)) continue;
      count++;
      squares += difference * difference;
      if (difference > largest) largest = difference;
    }
  }
  return { count, rms: count === 0 ? 0 : Math.sqrt(squares / count), largest };
}

/** The difference at the ends of a scale that nobody chose: the largest, or 1 where nothing differs. */
export function scaleEnd({ largest }: Pick<DifferenceFacts, "largest">): number {
  return largest === 0 ? 1 : largest;
}
