/**
 * Stacks made from the sample for pictures of the viewer: two channels, labels.
 * @module
 */
import { writeFileSync } from "node:fs";
import { fromFile } from "geotiff";

const FIELD_BYTES = 12;

/**
 * @param {string} path a TIFF with planes of 16 bits
 * @returns {Promise<{width: number, height: number, planes: Uint16Array[]}>}
 */
export async function readPlanes(path) {
  const file = await fromFile(path);
  const planes = [];
  for (let page = 0; page < (await file.getImageCount()); page++) {
    const [data] = /** @type {Uint16Array[]} */ (await (await file.getImage(page)).readRasters());
    planes.push(data);
  }
  const image = await file.getImage(0);
  await file.close();
  return { width: image.getWidth(), height: image.getHeight(), planes };
}

/**
 * Writes planes as an ImageJ hyperstack: one directory, all pixels behind each other.
 * @param {string} path
 * @param {{width: number, height: number, planes: (Uint16Array | Float32Array)[]}} stack
 * @param {string[]} facts lines of ImageJ's description
 */
export function writeHyperstack(path, { width, height, planes }, facts) {
  const bytes = planes[0].BYTES_PER_ELEMENT;
  const description = `${["ImageJ=1.54f", `images=${planes.length}`, ...facts, "unit=um", "spacing=0.6"].join("\n")}\n\0`;
  const descriptionAt = 8 + 2 + 12 * FIELD_BYTES + 4;
  const resolutionAt = descriptionAt + description.length + (description.length % 2);
  const pixelsAt = resolutionAt + 8;
  const plane = width * height * bytes;
  const out = Buffer.alloc(pixelsAt + plane * planes.length);
  out.write("II", "latin1");
  out.writeUInt16LE(42, 2);
  out.writeUInt32LE(8, 4);
  const fields = [
    [256, 4, 1, width],
    [257, 4, 1, height],
    [258, 3, 1, 8 * bytes],
    [259, 3, 1, 1],
    [262, 3, 1, 1],
    [270, 2, description.length, descriptionAt],
    [273, 4, 1, pixelsAt],
    [277, 3, 1, 1],
    [278, 4, 1, height],
    [279, 4, 1, plane],
    [282, 5, 1, resolutionAt],
    [283, 5, 1, resolutionAt],
  ];
  out.writeUInt16LE(fields.length, 8);
  for (const [i, [tag, type, count, value]] of fields.entries()) {
    const at = 10 + i * FIELD_BYTES;
    out.writeUInt16LE(tag, at);
    out.writeUInt16LE(type, at + 2);
    out.writeUInt32LE(count, at + 4);
    out.writeUInt32LE(value, at + 8);
  }
  out.write(description, descriptionAt, "latin1");
  out.writeUInt32LE(5, resolutionAt);
  out.writeUInt32LE(1, resolutionAt + 4);
  for (const [i, data] of planes.entries())
    Buffer.from(data.buffer, data.byteOffset, data.byteLength).copy(out, pixelsAt + i * plane);
  writeFileSync(path, out);
}

/**
 * Numbers the bright pieces of each plane.
 * @param {{width: number, height: number, planes: Uint16Array[]}} stack
 * @param {number} threshold
 */
export function labelsOf({ width, height, planes }, threshold) {
  let next = 0;
  const labelled = planes.map((data) => {
    const labels = new Uint16Array(data.length);
    for (let start = 0; start < data.length; start++) {
      if (labels[start] !== 0 || data[start] < threshold) continue;
      next++;
      const open = [start];
      while (open.length > 0) {
        const at = /** @type {number} */ (open.pop());
        if (labels[at] !== 0 || data[at] < threshold) continue;
        labels[at] = next;
        if (at % width > 0) open.push(at - 1);
        if (at % width < width - 1) open.push(at + 1);
        if (at >= width) open.push(at - width);
        if (at < width * (height - 1)) open.push(at + width);
      }
    }
    return labels;
  });
  return { width, height, planes: labelled };
}
