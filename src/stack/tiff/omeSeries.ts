/**
 * OME series: where the planes of an image of an OME document are, in one file or in a set of files.
 *
 * After the OME-TIFF specification (schema 2016-06): TiffData elements map planes to pages; a UUID element with
 * FileName names the file they are in.
 * @module
 */
import { basename } from "node:path";
import { OmeProblem } from "./omeRead";
import type { OmeDocument, OmeImage, OmePlanes } from "./omeRead";
import { MAX_PLANES, checkIndex, squeeze } from "./series";
import type { FileParts, Series } from "./series";

interface OmeRequest {
  /** Full-size pages of the file, alike ones together. */
  readonly groups: readonly (readonly number[])[];
  /** Which image; null: the first with planes in this file. */
  readonly index: number | null;
  readonly warnings: string[];
}

type Lengths = Readonly<Record<"Z" | "C" | "T", number>>;

/**
 * Finds an image of an OME document.
 *
 * @throws {OmeProblem} when the document does not fit the file
 * @throws {TilewrightError} `stack.series`
 */
export function omeSeries(parts: FileParts, document: OmeDocument, request: OmeRequest): Series {
  const { warnings } = request;
  const isOwn = ownNames(parts, document);
  const index = request.index ?? firstOwnImage(document, isOwn);
  checkIndex(parts, index, document.images);
  const ome = document.image(index);
  const main = mainPages(parts, ome, { groups: request.groups, isOwn });
  const { samples } = parts.pages[0].format;
  const lengths: Lengths = {
    Z: ome.size.Z,
    T: ome.size.T,
    C: ome.size.C % samples === 0 ? ome.size.C / samples : ome.size.C,
  };
  const count = lengths.Z * lengths.C * lengths.T;
  if (count > MAX_PLANES || count > 1024 * Math.max(main.length, ome.planes.length)) {
    throw new OmeProblem(`count ${count} planes, the file has ${main.length} pages`);
  }
  if (document.images > 1 && request.index === null) {
    warnings.push(`the file holds ${document.images} images; series ${index} is used`);
  }
  const before = request.groups.length === 1 ? planesBefore(document, index) : 0;
  const found = findPlanes(ome, { lengths, main: main.slice(before), isOwn });
  const missing = found.planes.filter((plane) => plane < 0).length;
  if (missing > 0) warnings.push(`${missing} of the ${count} planes of its OME metadata are not in the file`);
  const axes = [...ome.order].reverse().join("");
  const named = ome.channels.some((channel) => channel.name !== null || channel.color !== null);
  return {
    index,
    count: document.images,
    flavour: "ome",
    ...squeeze(
      axes,
      [...axes].map((axis) => lengths[axis as "Z" | "C" | "T"]),
    ),
    planes: found.planes,
    fileOf: found.names.length > 0 ? found.fileOf : null,
    files: [basename(parts.name), ...found.names],
    contiguous: 0,
    pixelSize: ome.pixelSize,
    channels: named ? ome.channels : [],
    warnings,
  };
}

type IsOwn = (part: OmePlanes) => boolean;

/** Which parts of a document mean the file that was opened, also when that was renamed. */
function ownNames(parts: FileParts, document: OmeDocument): IsOwn {
  const own = basename(parts.name);
  const names = new Set<string>();
  for (let i = 0; i < document.images; i++) {
    for (const { fileName } of planesOf(document, i)) if (fileName !== null) names.add(fileName);
  }
  if (names.has(own)) return ({ fileName }) => fileName === null || fileName === own;
  if (names.size <= 1) return () => true;
  return ({ fileName, uuid }) => fileName === null || (uuid !== null && uuid === document.uuid);
}

/** Where the planes of an image are; nothing when it is described badly. */
function planesOf(document: OmeDocument, index: number): readonly OmePlanes[] {
  try {
    return document.image(index).planes;
  } catch (error) {
    if (error instanceof OmeProblem) return [];
    throw error;
  }
}

function firstOwnImage(document: OmeDocument, isOwn: IsOwn): number {
  for (let i = 0; i < document.images; i++) {
    const planes = planesOf(document, i);
    if (planes.length === 0 || planes.some(isOwn)) return i;
  }
  return 0;
}

/** Pages of this file that can be planes of an image; none when all its planes are in other files. */
function mainPages(
  parts: FileParts,
  ome: OmeImage,
  { groups, isOwn }: Pick<OmeRequest, "groups"> & { readonly isOwn: IsOwn },
): readonly number[] {
  const { X, Y } = ome.size;
  const fits = groups.find(([page]) => {
    const { width, height } = parts.pages[page].format;
    return width === X && height === Y;
  });
  if (fits !== undefined) return fits;
  if (ome.planes.length > 0 && !ome.planes.some(isOwn)) return [];
  const { width, height } = parts.pages[0].format;
  throw new OmeProblem(`say ${X} x ${Y} pixels, the pages have ${width} x ${height}`);
}

/** Planes of the images before one, for documents that do not say where each is. */
function planesBefore(document: OmeDocument, index: number): number {
  let planes = 0;
  for (let i = 0; i < index; i++) {
    const { size, planes: mapped } = document.image(i);
    if (!isMapped(mapped)) planes += size.Z * size.C * size.T;
  }
  return planes;
}

function isMapped(parts: readonly OmePlanes[]): boolean {
  return parts.some((part) => part.page !== null || part.count !== null || part.fileName !== null);
}

interface Places {
  readonly planes: number[];
  readonly fileOf: number[];
  /** Other files, numbered from 1 in `fileOf`. */
  readonly names: string[];
}

/** Page and file of each plane, row-major over the axes slowest first; page -1 where there is none. */
function findPlanes(
  ome: OmeImage,
  {
    lengths,
    main,
    isOwn,
  }: { readonly lengths: Lengths; readonly main: readonly number[]; readonly isOwn: IsOwn },
): Places {
  const count = lengths.Z * lengths.C * lengths.T;
  const order = [...ome.order] as ("Z" | "C" | "T")[];
  const planes = new Array<number>(count).fill(-1);
  const fileOf = new Array<number>(count).fill(0);
  const numbers = new Map<string, number>();
  if (!isMapped(ome.planes)) return { planes: planes.map((_, i) => main[i] ?? -1), fileOf, names: [] };
  const own = new Set(main);
  const indexOf = (first: OmePlanes["first"]): number =>
    first[order[0]] + lengths[order[0]] * (first[order[1]] + lengths[order[1]] * first[order[2]]);
  const next = new Map<number, number>();
  // Each plane has one place; a document that names many more is hostile and would keep us busy.
  let places = 2 * count;
  const mapped = ome.planes.filter(
    (part) => part.page !== null || part.count !== null || part.fileName !== null,
  );
  for (const part of mapped) {
    if (places <= 0) break;
    const file = isOwn(part) ? 0 : numberOf(numbers, part.fileName!);
    const page = part.page ?? next.get(file) ?? 0;
    const many = part.count ?? (part.page === null && mapped.length === 1 ? count : 1);
    const start = indexOf(part.first);
    for (let i = 0; i < many && start + i < count; i++) {
      planes[start + i] = file > 0 || own.has(page + i) ? page + i : -1;
      fileOf[start + i] = file;
    }
    places -= Math.max(1, Math.min(many, count - start));
    next.set(file, page + many);
  }
  return { planes, fileOf, names: [...numbers.keys()] };
}

function numberOf(numbers: Map<string, number>, name: string): number {
  const known = numbers.get(name);
  if (known !== undefined) return known;
  numbers.set(name, numbers.size + 1);
  return numbers.size;
}
