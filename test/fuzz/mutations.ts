/**
 * Ways to damage a TIFF file that know what a TIFF file is.
 * @module
 */
import { chunkPlaces, dissect, findField, getNumber, putNumber } from "./anatomy";
import type { Anatomy, Field, Section } from "./anatomy";
import { hostileText } from "./hostileText";
import type { Random } from "./random";
import type { Seed } from "./seeds";

/**
 * What a mutation can do to pixels:
 * - `removes`: pixels or their directory go, nothing else is said about the rest: a plane that is still delivered is
 *   the same plane, pixel for pixel;
 * - `chain`: pages go or come in another order: a plane that is delivered is one of the file's planes;
 * - `alters`: the file now describes other pixels: nothing is known but that rows of zeros come from nowhere;
 * - `rewrites`: compressed bytes, or what decides how they are decoded, are others: anything can come out.
 */
export type Harm = "removes" | "chain" | "alters" | "rewrites";

/** A damaged file. */
export interface Specimen {
  readonly seed: Seed;
  readonly bytes: Buffer;
  /** What was done, for people. */
  readonly steps: readonly string[];
  readonly harm: Harm;
}

/** A file while it is being damaged. */
class Patient {
  bytes: Buffer;
  readonly anatomy: Anatomy;

  constructor(
    readonly seed: Seed,
    readonly random: Random,
  ) {
    this.bytes = Buffer.from(seed.bytes);
    this.anatomy = dissect(seed.bytes);
  }

  get word(): number {
    return this.anatomy.big ? 8 : 4;
  }

  section(): Section {
    return this.random.pick(this.anatomy.sections);
  }

  put(at: number, size: number, value: bigint): void {
    putNumber(this.bytes, { at, size, little: this.anatomy.little }, value);
  }

  get(at: number, size: number): number {
    return at + size <= this.bytes.length ? getNumber(this.bytes, at, size, this.anatomy.little) : 0;
  }

  /** Adds bytes at the end. */
  append(bytes: Uint8Array): number {
    const at = this.bytes.length;
    this.bytes = Buffer.concat([this.bytes, bytes]);
    return at;
  }
}

/** Does something and says what, or finds nothing to do it to. */
interface Mutation {
  readonly name: string;
  readonly harm: Harm;
  readonly weight: number;
  readonly apply: (patient: Patient) => string | null;
}

const OFFSETS = [273, 324];
const COUNTS = [279, 325];

function tableOf(section: Section, tags: readonly number[]): Field | undefined {
  return section.fields.find(({ tag }) => tags.includes(tag));
}

/** Numbers that programs trip over, as seen from the one that stands there. */
function oddNumber({ random, bytes }: Patient, present: number, at: number): bigint {
  const now = BigInt(present);
  const size = BigInt(bytes.length);
  return random.pick([
    () => 0n,
    () => 1n,
    () => 2n,
    () => now + 1n,
    () => now - 1n,
    () => now * 2n,
    () => now / 2n,
    () => -now,
    () => 255n,
    () => 2n ** 15n,
    () => 2n ** 16n - 1n,
    () => 2n ** 31n - 1n,
    () => 2n ** 31n,
    () => 2n ** 32n - 1n,
    () => 2n ** 53n,
    () => 2n ** 63n,
    () => 2n ** 64n - 1n,
    () => size,
    () => size - 1n,
    () => size + 1n,
    () => 8n,
    () => BigInt(at),
    () => BigInt(random.below(2 ** 32)),
    () => BigInt(random.below(bytes.length)),
    () => BigInt(random.below(64)),
  ])();
}

/** Changes one entry of a list of chunk positions or lengths. */
function changeTable(
  patient: Patient,
  tags: readonly number[],
  value: (present: number, section: Section, index: number) => bigint,
): string | null {
  const section = patient.section();
  const field = tableOf(section, tags);
  if (field === undefined) return null;
  const index = patient.random.below(field.count);
  const at = field.valueAt + index * field.size;
  const changed = value(patient.get(at, field.size), section, index);
  patient.put(at, field.size, changed);
  return `tag ${field.tag}[${index}] of the directory at ${section.at} = ${changed}`;
}

function cut(patient: Patient): string {
  const { random, anatomy, seed } = patient;
  const edges = anatomy.sections.flatMap((section) => [
    section.at,
    section.nextAt,
    ...chunkPlaces(seed.bytes, anatomy, section).flatMap(({ at, bytes }) => [at, at + bytes]),
  ]);
  const near = random.pick(edges) + random.below(5) - 2;
  const length = random.below(2) === 0 ? near : random.below(patient.bytes.length);
  patient.bytes = patient.bytes.subarray(0, Math.max(0, Math.min(length, patient.bytes.length)));
  return `cut to ${patient.bytes.length} bytes`;
}

function shuffleEntries(patient: Patient): string | null {
  const section = patient.section();
  const step = 4 + 2 * patient.word;
  const { fields } = section;
  if (fields.length < 2) return null;
  const [a, b] = [patient.random.pick(fields), patient.random.pick(fields)];
  if (a.tag === b.tag || section.nextAt > patient.bytes.length) return null;
  // Values that stand in the entry move with it.
  const held = Buffer.from(patient.bytes.subarray(a.entryAt, a.entryAt + step));
  patient.bytes.copy(patient.bytes, a.entryAt, b.entryAt, b.entryAt + step);
  held.copy(patient.bytes, b.entryAt);
  return `entries ${a.tag} and ${b.tag} changed places`;
}

function changeNext(patient: Patient, target: (section: Section) => number): string {
  const { anatomy, random } = patient;
  const section = anatomy.sections[random.below(anatomy.chain)];
  const next = target(section);
  patient.put(section.nextAt, patient.word, BigInt(next));
  return `the directory after ${section.at} is at ${next}`;
}

/** Tags that decide how compressed bytes become numbers. */
const DECODING = new Set([257, 258, 259, 262, 266, 273, 277, 278, 279, 284, 317, 322, 323, 324, 325, 347]);

function changeEntry(
  patient: Patient,
  part: "tag" | "type" | "count" | "value",
  ours: boolean,
): string | null {
  const section = patient.section();
  const usable = section.fields.filter(({ tag }) => DECODING.has(tag) === ours);
  if (usable.length === 0) return null;
  const field = patient.random.pick(usable);
  const { word, random } = patient;
  if (part === "tag") {
    const tag = random.pick([...section.fields.map((other) => other.tag), 330, 270, 65535, 0, field.tag + 1]);
    patient.put(field.entryAt, 2, BigInt(tag));
    return `tag ${field.tag} became ${tag}`;
  }
  if (part === "type") {
    const type = random.pick([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 16, 17, 18, 19, 255, 65535]);
    patient.put(field.entryAt + 2, 2, BigInt(type));
    return `tag ${field.tag} became of type ${type}`;
  }
  const inline = field.valueAt === field.entryAt + 4 + word;
  const at = part === "count" ? field.entryAt + 4 : inline ? field.valueAt : field.entryAt + 4 + word;
  const size = part === "value" && inline ? field.size : word;
  const value = oddNumber(patient, patient.get(at, size), section.at);
  patient.put(at, size, value);
  return `${part} of tag ${field.tag} = ${value}`;
}

function removeEntry(patient: Patient): string | null {
  const { sections, big } = patient.anatomy;
  const section = patient.random.pick(sections);
  if (section.fields.length === 0) return null;
  const step = 4 + 2 * patient.word;
  const field = patient.random.pick(section.fields);
  const end = section.nextAt + patient.word;
  patient.bytes.copyWithin(field.entryAt, field.entryAt + step, end);
  patient.put(section.at, big ? 8 : 2, BigInt(section.fields.length - 1));
  return `no tag ${field.tag}`;
}

/** Puts a whole new directory with one entry twice at the end, and leads to it. */
function repeatEntry(patient: Patient): string | null {
  const { anatomy, random } = patient;
  const index = random.below(anatomy.chain);
  const section = anatomy.sections[index];
  if (section.nextAt + patient.word > patient.bytes.length) return null;
  const head = anatomy.big ? 8 : 2;
  const step = 4 + 2 * patient.word;
  const copy = Buffer.from(patient.bytes.subarray(section.at, section.nextAt + patient.word));
  const twin = random.pick(section.fields);
  const from = twin.entryAt - section.at;
  const entry = Buffer.from(copy.subarray(from, from + step));
  if (random.below(2) === 0) entry[step - 1 - random.below(patient.word)] ^= 1 << random.below(8);
  const grown = Buffer.concat([copy.subarray(0, from), entry, copy.subarray(from)]);
  putNumber(grown, { at: 0, size: head, little: anatomy.little }, BigInt(section.fields.length + 1));
  const at = patient.append(grown);
  const link = index === 0 ? (anatomy.big ? 8 : 4) : anatomy.sections[index - 1].nextAt;
  patient.put(link, patient.word, BigInt(at));
  return `tag ${twin.tag} twice`;
}

function flip(patient: Patient, header: boolean): string | null {
  const { random, anatomy, seed } = patient;
  const section = patient.section();
  const places = header
    ? [{ at: section.at, bytes: section.nextAt + patient.word - section.at }]
    : chunkPlaces(seed.bytes, anatomy, section);
  const many = 1 + random.below(4);
  for (let i = 0; i < many; i++) {
    const place = random.pick(places);
    if (place === undefined || place.bytes === 0) return null;
    const at = place.at + random.below(place.bytes);
    if (at < patient.bytes.length) patient.bytes[at] ^= 1 << random.below(8);
  }
  return `${many} bits of the ${header ? "header" : "pixels"} flipped`;
}

/** Makes a directory of the chain useless: its width is no number, or it is missing. */
function spoilPage(patient: Patient): string | null {
  const { anatomy, random } = patient;
  const section = anatomy.sections[random.below(anatomy.chain)];
  const width = findField(section, 256);
  if (width === undefined) return null;
  if (random.below(2) === 0) patient.put(width.entryAt + 2, 2, 11n);
  else patient.put(width.entryAt, 2, 255n);
  return `the directory at ${section.at} has no width`;
}

function changeText(patient: Patient): string | null {
  const [section] = patient.anatomy.sections;
  const field = findField(section, 270);
  const old = field === undefined ? "" : textOf(patient.seed.bytes, field);
  const { text, what } = hostileText(old, patient.random);
  const bytes = Buffer.from(`${text}\0`, "utf8");
  // A file without a description gives an entry that says nothing about pixels away for it.
  const entry = field ?? findField(section, 254) ?? findField(section, 305);
  if (entry === undefined) return null;
  const at = patient.append(bytes);
  patient.put(entry.entryAt, 2, 270n);
  patient.put(entry.entryAt + 2, 2, 2n);
  patient.put(entry.entryAt + 4, patient.word, BigInt(bytes.length));
  patient.put(entry.entryAt + 4 + patient.word, patient.word, BigInt(at));
  return `description: ${what}`;
}

function textOf(bytes: Buffer, field: Field): string {
  return bytes.toString("utf8", field.valueAt, field.valueAt + field.count).replace(/\0+$/, "");
}

function hangBelow(patient: Patient): string | null {
  const [section] = patient.anatomy.sections;
  const entry = findField(section, 330) ?? findField(section, 254);
  if (entry === undefined) return null;
  const { random, anatomy, bytes } = patient;
  const target = random.pick([section.at, anatomy.sections.at(-1)!.at, 0, 8, bytes.length, bytes.length - 3]);
  const many = random.pick([1, 1, 3, 200]);
  patient.put(entry.entryAt, 2, 330n);
  patient.put(entry.entryAt + 2, 2, anatomy.big ? 18n : 13n);
  patient.put(entry.entryAt + 4, patient.word, BigInt(many));
  const list = Buffer.alloc(many * patient.word);
  for (let i = 0; i < many; i++)
    putNumber(list, { at: i * patient.word, size: patient.word, little: anatomy.little }, BigInt(target));
  const place = many === 1 ? target : patient.append(list);
  patient.put(entry.entryAt + 4 + patient.word, patient.word, BigInt(place));
  return `${many} SubIFDs at ${target}`;
}

const beyond = (patient: Patient): bigint => {
  const { random, bytes } = patient;
  return BigInt(random.pick([bytes.length, bytes.length - 1, 2 ** 31 - 1, 2 ** 32 - 1, bytes.length + 4096]));
};

const MUTATIONS: readonly Mutation[] = [
  { name: "cut", harm: "removes", weight: 6, apply: cut },
  {
    name: "chunk beyond the end",
    harm: "removes",
    weight: 3,
    apply: (patient) => changeTable(patient, OFFSETS, () => beyond(patient)),
  },
  {
    name: "chunk too short",
    harm: "removes",
    weight: 3,
    apply: (patient) =>
      changeTable(patient, COUNTS, (now) => BigInt(patient.random.pick([0, 1, now - 1, now >> 1, now - 3]))),
  },
  {
    name: "chunk too long",
    harm: "removes",
    weight: 2,
    apply: (patient) =>
      changeTable(patient, COUNTS, (now) =>
        BigInt(patient.random.pick([now + 1, now * 2, 2 ** 31, 2 ** 32 - 1])),
      ),
  },
  { name: "entries unsorted", harm: "removes", weight: 1, apply: shuffleEntries },
  {
    name: "circle",
    harm: "chain",
    weight: 2,
    apply: (patient) =>
      changeNext(
        patient,
        () => patient.random.pick(patient.anatomy.sections.slice(0, patient.anatomy.chain)).at,
      ),
  },
  {
    name: "chain ends",
    harm: "chain",
    weight: 1,
    apply: (patient) => changeNext(patient, () => patient.random.pick([0, Number(beyond(patient))])),
  },
  {
    name: "chain leads astray",
    harm: "alters",
    weight: 1,
    apply: (patient) => changeNext(patient, () => patient.random.below(patient.bytes.length)),
  },
  { name: "page spoilt", harm: "removes", weight: 3, apply: spoilPage },
  { name: "text", harm: "removes", weight: 8, apply: changeText },
  { name: "SubIFDs", harm: "removes", weight: 2, apply: hangBelow },
  ...(["tag", "type", "count", "value"] as const).flatMap((part): Mutation[] => [
    {
      name: `${part} of an entry`,
      harm: "alters",
      weight: 2,
      apply: (patient) => changeEntry(patient, part, false),
    },
    {
      name: `${part} of an entry that decides how to decode`,
      harm: "rewrites",
      weight: 4,
      apply: (patient) => changeEntry(patient, part, true),
    },
  ]),
  { name: "entry removed", harm: "rewrites", weight: 3, apply: removeEntry },
  { name: "entry twice", harm: "rewrites", weight: 2, apply: repeatEntry },
  {
    name: "chunks moved",
    harm: "rewrites",
    weight: 3,
    apply: (patient) =>
      changeTable(patient, OFFSETS, (now, { at }) =>
        patient.random.pick([
          BigInt(at),
          8n,
          0n,
          BigInt(now + 1),
          BigInt(Math.max(0, now - 1)),
          BigInt(patient.random.below(patient.bytes.length)),
        ]),
      ),
  },
  {
    name: "byte order",
    harm: "rewrites",
    weight: 1,
    apply: (patient) => {
      patient.bytes.write(patient.random.pick(["II", "MM", "IM", "II"]), 0, "latin1");
      return "another byte order mark";
    },
  },
  {
    name: "version",
    harm: "rewrites",
    weight: 1,
    apply: (patient) => {
      const version = patient.random.pick([42, 43, 44, 0x2a00]);
      patient.put(2, 2, BigInt(version));
      return `version ${version}`;
    },
  },
  {
    name: "first directory",
    harm: "rewrites",
    weight: 1,
    apply: (patient) => {
      const at = patient.anatomy.big ? 8 : 4;
      patient.put(at, patient.word, oddNumber(patient, patient.get(at, patient.word), 0));
      return "the first directory is elsewhere";
    },
  },
  { name: "bits of the header", harm: "rewrites", weight: 5, apply: (patient) => flip(patient, true) },
  { name: "bits of the pixels", harm: "rewrites", weight: 4, apply: (patient) => flip(patient, false) },
];

const DRAWN = MUTATIONS.flatMap((mutation) => Array.from({ length: mutation.weight }, () => mutation));
const ORDER: readonly Harm[] = ["removes", "chain", "alters", "rewrites"];

/** Names of all mutations. */
export const MUTATION_NAMES: readonly string[] = MUTATIONS.map(({ name }) => name);

/** Damages a file in one to three ways. */
export function mutate(seed: Seed, random: Random): Specimen {
  const patient = new Patient(seed, random);
  const wanted = random.pick([1, 1, 1, 2, 2, 3]);
  const steps: string[] = [];
  let harm: Harm = "removes";
  for (let tries = 0; steps.length < wanted && tries < 20; tries++) {
    const mutation = random.pick(DRAWN);
    const what = mutation.apply(patient);
    if (what === null) continue;
    steps.push(`${mutation.name}: ${what}`);
    if (ORDER.indexOf(mutation.harm) > ORDER.indexOf(harm)) harm = mutation.harm;
    // Two harmless ways together can do more: a file cut and then continued holds other bytes where it was cut.
    if (steps.length > 1 && harm !== "rewrites") harm = "alters";
  }
  return { seed, bytes: patient.bytes, steps, harm };
}
