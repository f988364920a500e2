/**
 * Reading OME-XML as far as a stack needs it: sizes, order of the planes, pixel size, channels.
 *
 * After the OME schema 2016-06 and the OME-TIFF specification. Entities are never expanded, document types
 * are refused, sizes are bounded.
 * @module
 */
import { XMLParser } from "fast-xml-parser";
import type { ChannelFacts, PixelSize } from "../stack";
import { convertLength, normalUnit } from "../units";

/** Where one run of planes is stored. */
export interface OmePlanes {
  /** First page in its file; null when not said. */
  readonly page: number | null;
  readonly first: Readonly<Record<"Z" | "C" | "T", number>>;
  /** Number of planes; null when not said. */
  readonly count: number | null;
  readonly fileName: string | null;
  readonly uuid: string | null;
}

/** One image of an OME document. */
export interface OmeImage {
  /** Fastest first, such as ZCT. */
  readonly order: string;
  readonly size: Readonly<Record<"X" | "Y" | "Z" | "C" | "T", number>>;
  readonly pixelSize: PixelSize | null;
  readonly channels: readonly ChannelFacts[];
  readonly planes: readonly OmePlanes[];
}

/** An OME document; its images are read when asked for. */
export interface OmeDocument {
  /** `UUID` of the file that it was written into. */
  readonly uuid: string | null;
  /** The file that holds the metadata in place of this document; null when they are here. */
  readonly metadataFile: string | null;
  readonly images: number;
  /**
   * Image `index`, from 0.
   *
   * @throws {OmeProblem} when its description is damaged or hostile
   */
  image(index: number): OmeImage;
}

/** Why a document cannot be used, in words that complete "its OME metadata …". */
export class OmeProblem extends Error {}

const MAX_LENGTH = 2 ** 31 - 1;
const MAX_CHANNELS = 4096;
const MAX_TIFF_DATA = 2 ** 20;

/** Longest OME-XML that is read, bytes. */
export const MAX_OME_BYTES = 32 * 2 ** 20;

/** Whether a description is OME-XML. */
export function isOmeXml(text: string): boolean {
  const head = text.slice(0, 4096);
  return /^\s*(<\?xml|<!--|<OME|<\w+:OME|<!DOCTYPE)/.test(head) && /<(\w+:)?OME[\s>]/.test(head);
}

type Element = Readonly<Record<string, unknown>>;

/**
 * Reads a document.
 *
 * @throws {OmeProblem} when it is damaged, hostile, or describes no image
 */
export function parseOmeXml(text: string): OmeDocument {
  const root = parseRoot(text);
  const images = elements(root, "Image");
  const metadataFile = isElement(root.BinaryOnly) ? attribute(root.BinaryOnly, "MetadataFile") : null;
  if (images.length === 0 && metadataFile === null) throw new OmeProblem("describe no image");
  const known = new Map<number, OmeImage>();
  return {
    uuid: attribute(root, "UUID"),
    metadataFile,
    images: images.length,
    image: (index) => {
      const image = known.get(index) ?? readImage(images[index]);
      known.set(index, image);
      return image;
    },
  };
}

function readImage(image: Element): OmeImage {
  const pixels = elements(image, "Pixels").at(0);
  if (pixels === undefined) throw new OmeProblem("describe no pixels");
  const order = attribute(pixels, "DimensionOrder") ?? "";
  if (!/^XY(ZCT|ZTC|CZT|CTZ|TZC|TCZ)$/.test(order)) throw new OmeProblem("have no valid DimensionOrder");
  const length = (axis: string): number => {
    const value = Number(attribute(pixels, `Size${axis}`));
    if (!Number.isInteger(value) || value < 1 || value > MAX_LENGTH) {
      throw new OmeProblem(`have no valid Size${axis}`);
    }
    return value;
  };
  return {
    order: order.slice(2),
    size: { X: length("X"), Y: length("Y"), Z: length("Z"), C: length("C"), T: length("T") },
    pixelSize: readPixelSize(pixels),
    channels: elements(pixels, "Channel").slice(0, MAX_CHANNELS).map(readChannel),
    planes: elements(pixels, "TiffData").slice(0, MAX_TIFF_DATA).map(readTiffData),
  };
}

function parseRoot(text: string): Element {
  if (text.length > MAX_OME_BYTES) throw new OmeProblem(`are longer than ${MAX_OME_BYTES} bytes`);
  if (/<!(DOCTYPE|ENTITY)/i.test(text)) throw new OmeProblem("declare a document type, which is not allowed");
  const many = new Set(["Image", "Channel", "TiffData", "Pixels"]);
  const parser = new XMLParser({
    ignoreAttributes: false,
    attributeNamePrefix: "@",
    removeNSPrefix: true,
    parseTagValue: false,
    parseAttributeValue: false,
    processEntities: false,
    isArray: (name) => many.has(name),
  });
  let document: Element;
  try {
    document = parser.parse(text) as Element;
  } catch {
    throw new OmeProblem("are no well-formed XML");
  }
  if (!isElement(document.OME)) throw new OmeProblem("are no well-formed XML");
  return document.OME;
}

function isElement(value: unknown): value is Element {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function elements(parent: Element, name: string): Element[] {
  const value = parent[name];
  return Array.isArray(value) ? (value as unknown[]).map((item) => (isElement(item) ? item : {})) : [];
}

function attribute(element: Element, name: string): string | null {
  const value = element[`@${name}`];
  return typeof value === "string" ? decodeEntities(value) : null;
}

const NAMED: Record<string, string> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" };

/** The five entities of XML and numeric ones; others stay as they are. */
function decodeEntities(text: string): string {
  return text.replace(/&(#x[0-9a-f]{1,6}|#[0-9]{1,7}|[a-z]+);/gi, (whole, body: string) => {
    if (!body.startsWith("#")) return NAMED[body] ?? whole;
    const code = /^#x/i.test(body) ? Number.parseInt(body.slice(2), 16) : Number(body.slice(1));
    return code <= 0x10ffff ? String.fromCodePoint(code) : whole;
  });
}

function readPixelSize(pixels: Element): PixelSize | null {
  const read = (axis: string): { value: number | null; unit: string } => {
    const value = Number(attribute(pixels, `PhysicalSize${axis}`) ?? Number.NaN);
    const unit = normalUnit(attribute(pixels, `PhysicalSize${axis}Unit`) ?? "µm");
    return { value: Number.isFinite(value) && value > 0 ? value : null, unit };
  };
  const [x, y, z] = ["X", "Y", "Z"].map(read);
  const unit = [x, y, z].find((size) => size.value !== null)?.unit;
  if (unit === undefined) return null;
  const inUnit = (size: { value: number | null; unit: string }): number | null =>
    size.value === null ? null : convertLength(size.value, size.unit, unit);
  return { x: inUnit(x), y: inUnit(y), z: inUnit(z), unit };
}

function readChannel(channel: Element): ChannelFacts {
  const color = Number(attribute(channel, "Color") ?? Number.NaN);
  const rgb = Number.isInteger(color) ? (color >>> 8).toString(16).padStart(6, "0") : null;
  return { name: attribute(channel, "Name"), color: rgb === null ? null : `#${rgb}` };
}

function readTiffData(element: Element): OmePlanes {
  const number = (name: string): number | null => {
    const text = attribute(element, name);
    const value = Number(text);
    return text !== null && Number.isInteger(value) && value >= 0 && value <= MAX_LENGTH ? value : null;
  };
  const uuid = element.UUID;
  return {
    page: number("IFD"),
    first: { Z: number("FirstZ") ?? 0, C: number("FirstC") ?? 0, T: number("FirstT") ?? 0 },
    count: number("PlaneCount"),
    fileName: isElement(uuid) ? attribute(uuid, "FileName") : null,
    uuid:
      typeof uuid === "string"
        ? uuid
        : isElement(uuid) && typeof uuid["#text"] === "string"
          ? uuid["#text"]
          : null,
  };
}
