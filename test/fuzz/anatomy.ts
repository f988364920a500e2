/**
 * Where everything stands in an undamaged TIFF file, for taking it apart. Shares nothing with the reader under test.
 * @module
 */

/** One directory entry. */
export interface Field {
  readonly tag: number;
  readonly type: number;
  readonly count: number;
  /** Position of the entry: tag, type, count, value or position of the values. */
  readonly entryAt: number;
  /** Position of the first value. */
  readonly valueAt: number;
  /** Bytes of one value. */
  readonly size: number;
}

/** One directory. */
export interface Section {
  readonly at: number;
  readonly fields: readonly Field[];
  /** Position of the word that leads to the next directory. */
  readonly nextAt: number;
}

/** A file taken apart. */
export interface Anatomy {
  readonly little: boolean;
  readonly big: boolean;
  /** Directories of the chain in their order, then those below them (SubIFDs). */
  readonly sections: readonly Section[];
  /** How many of them are in the chain. */
  readonly chain: number;
}

const SIZES: Record<number, number> = {
  1: 1,
  2: 1,
  3: 2,
  4: 4,
  5: 8,
  6: 1,
  7: 1,
  8: 2,
  9: 4,
  10: 8,
  11: 4,
  12: 8,
  13: 4,
  16: 8,
  17: 8,
  18: 8,
};

/** An unsigned number of `size` bytes. */
export function getNumber(bytes: Uint8Array, at: number, size: number, little: boolean): number {
  let value = 0n;
  for (let i = 0; i < size; i++) value = (value << 8n) | BigInt(bytes[little ? at + size - 1 - i : at + i]);
  return Number(value);
}

/** Writes the low `size` bytes of a number; what lies outside the file is not written. */
export function putNumber(
  bytes: Uint8Array,
  { at, size, little }: { readonly at: number; readonly size: number; readonly little: boolean },
  value: bigint,
): void {
  for (let i = 0; i < size; i++) {
    const place = little ? at + i : at + size - 1 - i;
    if (place < bytes.length) bytes[place] = Number((value >> BigInt(8 * i)) & 255n);
  }
}

/** Values of a field. */
export function fieldValues(bytes: Uint8Array, anatomy: Anatomy, field: Field): number[] {
  return Array.from({ length: field.count }, (_, i) =>
    getNumber(bytes, field.valueAt + i * field.size, field.size, anatomy.little),
  );
}

/** The field of a tag. */
export function findField(section: Section, tag: number): Field | undefined {
  return section.fields.find((field) => field.tag === tag);
}

/** Takes a sound file apart. */
export function dissect(bytes: Uint8Array): Anatomy {
  const little = bytes[0] === 0x49;
  const big = getNumber(bytes, 2, 2, little) === 43;
  const word = big ? 8 : 4;
  const sections: Section[] = [];
  const readSection = (at: number): Section => {
    const head = big ? 8 : 2;
    const count = getNumber(bytes, at, head, little);
    const step = 4 + 2 * word;
    const fields = Array.from({ length: count }, (_, i): Field => {
      const entryAt = at + head + i * step;
      const type = getNumber(bytes, entryAt + 2, 2, little);
      const many = getNumber(bytes, entryAt + 4, word, little);
      const size = SIZES[type] ?? 1;
      const inside = entryAt + 4 + word;
      const valueAt = many * size <= word ? inside : getNumber(bytes, inside, word, little);
      return { tag: getNumber(bytes, entryAt, 2, little), type, count: many, entryAt, valueAt, size };
    });
    return { at, fields, nextAt: at + head + count * step };
  };
  const seen = new Set<number>();
  let at = getNumber(bytes, big ? 8 : 4, word, little);
  while (at !== 0 && at < bytes.length && !seen.has(at)) {
    seen.add(at);
    const section = readSection(at);
    sections.push(section);
    at = getNumber(bytes, section.nextAt, word, little);
  }
  const chain = sections.length;
  const anatomy = { little, big, sections, chain };
  for (const section of sections.slice(0, chain)) {
    const below = findField(section, 330);
    if (below === undefined) continue;
    for (const place of fieldValues(bytes, anatomy, below)) {
      if (place + 2 < bytes.length) sections.push(readSection(place));
    }
  }
  return anatomy;
}

/** Where the strips or tiles of a directory stand. */
export function chunkPlaces(
  bytes: Uint8Array,
  anatomy: Anatomy,
  section: Section,
): { readonly at: number; readonly bytes: number }[] {
  const offsets = findField(section, 324) ?? findField(section, 273);
  const counts = findField(section, 325) ?? findField(section, 279);
  if (offsets === undefined) return [];
  const lengths = counts === undefined ? [] : fieldValues(bytes, anatomy, counts);
  return fieldValues(bytes, anatomy, offsets).map((at, i) => ({ at, bytes: lengths[i] ?? 0 }));
}
