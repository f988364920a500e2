/**
 * Which sample of a plane lies under which pixel of the canvas.
 * @module
 */
import type { PlanePixels } from "../../src/protocol/viewer";
import type { Interval } from "../../src/volume/region";
import type { Placement } from "./geometry";

/** Stands for "no sample here". */
export const OUTSIDE = -1;

/** For canvas columns `first`… and canvas rows 0…: index of the sample along that axis, or OUTSIDE. */
export interface Places {
  readonly columns: Int32Array;
  readonly rows: Int32Array;
}

interface Axis {
  /** Canvas px, and those of them that are wanted. */
  readonly length: number;
  readonly wanted: Interval;
  /** Picture px that there are samples of. */
  readonly samples: Interval;
  /** Picture px in the middle of the canvas. */
  readonly center: number;
  /** Picture px per canvas px. */
  readonly scale: number;
  /** Picture px per sample. */
  readonly step: number;
}

/** Where the samples of a plane come to lie on a canvas, of which columns `wanted` are drawn. */
export function placesOf(
  canvas: HTMLCanvasElement,
  wanted: Interval,
  { placement, pixels }: { readonly placement: Placement; readonly pixels: PlanePixels },
): Places {
  const { width, height, clientWidth } = canvas;
  const ratio = width / Math.max(1, clientWidth);
  const { region, step } = pixels;
  return {
    columns: indicesAlong({
      ...{ length: width, wanted, samples: region.x, step: step.x },
      ...{ center: placement.centerX, scale: 1 / (placement.zoomX * ratio) },
    }),
    rows: indicesAlong({
      ...{ length: height, wanted: [0, height], samples: region.y, step: step.y },
      ...{ center: placement.centerY, scale: 1 / (placement.zoomY * ratio) },
    }),
  };
}

function indicesAlong({
  length,
  wanted: [first, last],
  samples: [start, stop],
  center,
  scale,
  step,
}: Axis): Int32Array {
  const indices = new Int32Array(last - first);
  const largest = Math.ceil((stop - start) / step) - 1;
  for (let i = first; i < last; i++) {
    const place = center + (i + 0.5 - length / 2) * scale;
    indices[i - first] =
      place < start || place >= stop ? OUTSIDE : Math.min(largest, Math.floor((place - start) / step));
  }
  return indices;
}
