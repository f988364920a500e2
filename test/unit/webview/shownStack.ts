/**
 * The stack that tests of the viewer's state are about.
 * @module
 */
import type { StackDescription, ViewerPreferences } from "../../../src/protocol/viewer";

/** Lengths of the stack that tests of the viewer's state are about. */
export const lengths = { t: 3, z: 31, c: 2, y: 100, x: 200 };
/** What the user has set for it. */
export const preferences: ViewerPreferences = {
  contrast: "auto",
  keepContrast: true,
  engine: "auto",
  canPredict: true,
};
/** The stack itself. */
export const description: StackDescription = {
  name: "a.tif",
  series: { index: 0, count: 1 },
  axes: "TZCYX",
  shape: [3, 31, 2, 100, 200],
  lengths,
  dtype: "uint16",
  storedDtype: "uint16",
  pixelSize: { x: 0.1, y: 0.1, z: 0.3, unit: "µm" },
  channels: [],
  compression: "lzw",
  flavour: "imagej",
  warnings: [],
};
