/**
 * Numbers, places and facts as people read them.
 * @module
 */
import type { PlaneIndex, StackDescription } from "../src/protocol/viewer";
import { modesOf } from "./state";
import type { DisplayMode } from "./state";

/** A value of a pixel for people: integers as they are, fractions to six digits. */
export function formatValue(value: number): string {
  if (Number.isInteger(value) && Math.abs(value) < 1e15) return String(value);
  return Number.isFinite(value) ? String(Number(value.toPrecision(6))) : String(value);
}

/** Place of a pixel: indices from 0 in axes order, then the distance from the first pixel where units are known. */
export function formatPosition(
  description: StackDescription,
  plane: PlaneIndex,
  pixel: { readonly x: number; readonly y: number },
): string {
  const index: Readonly<Record<string, number>> = {
    T: plane.t,
    Z: plane.z,
    C: plane.c,
    Y: pixel.y,
    X: pixel.x,
  };
  const indices = [...description.axes].map((axis) => `${axis.toLowerCase()} ${index[axis]}`).join("  ");
  const size = description.pixelSize;
  if (size === null) return indices;
  const places = (["z", "y", "x"] as const).flatMap((axis) => {
    const step = size[axis];
    const known = description.axes.includes(axis.toUpperCase()) && step !== null;
    return known ? [formatValue(Number((index[axis.toUpperCase()] * step).toPrecision(6)))] : [];
  });
  return places.length === 0 ? indices : `${indices}   (${places.join(", ")} ${size.unit})`;
}

/** The name that the file gives a channel, else its number from 0. */
export function channelName({ channels }: Pick<StackDescription, "channels">, channel: number): string {
  const name = channels[channel]?.name?.trim() ?? "";
  return name === "" ? `Channel ${channel}` : name;
}

const MODE_NAMES: Readonly<Record<DisplayMode, string>> = {
  gray: "Gray",
  color: "Colour",
  composite: "Composite",
  labels: "Labels",
};

/** The display modes of so many channels with their names. */
export function modeNames(channels: number): Readonly<Record<string, string>> {
  return Object.fromEntries(modesOf(channels).map((mode) => [mode, MODE_NAMES[mode]]));
}

const STORAGE_NAMES: Readonly<Record<string, string>> = {
  plain: "TIFF",
  ome: "OME-TIFF",
  imagej: "ImageJ TIFF",
  "ome-zarr": "OME-Zarr",
  zarr: "Zarr array",
};

/** One line about the stack: axes, shape, pixel type, pixel size, storage. */
export function formatFacts(description: StackDescription): string {
  const { axes, shape, storedDtype, pixelSize, compression, flavour } = description;
  const known =
    pixelSize === null ? [] : [pixelSize.z, pixelSize.y, pixelSize.x].filter((size) => size !== null);
  const size =
    known.length === 0
      ? []
      : [`${known.map((value) => formatValue(value)).join(" × ")} ${pixelSize?.unit ?? ""}`];
  const storage = [STORAGE_NAMES[flavour] ?? flavour];
  if (compression !== "none") storage.push(compression);
  return [`${axes} ${shape.join(" × ")}`, storedDtype, ...size, storage.join(", ")].join("  ·  ");
}
