import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { TilewrightError } from "../../../src/errors";
import { quietJob } from "../../../src/job";
import { hashPlane } from "../../../src/stack/planeHash";
import { openTiff, tiffReader } from "../../../src/stack/tiff/read";
import { chunkPlaces, dissect } from "../../fuzz/anatomy";
import { checkError } from "../../fuzz/examine";
import { storedBytes } from "../../fuzz/seeds";
import { BAD_ENDINGS, badFiles } from "../../support/badFiles";
import { hasShared, sharedPath } from "../../support/shared";
import { CountingSource } from "../../support/tiff";

const job = quietJob();

interface StoredPlane {
  readonly ifd: number;
  readonly sub?: number;
  readonly shape: readonly number[];
  readonly sha256: string;
}

interface GoodFile {
  readonly file: string;
  readonly bigtiff: boolean;
  readonly byteorder: string;
  readonly n_ifds: number;
  readonly planes: readonly StoredPlane[];
  readonly series: readonly { readonly levels: number }[];
  readonly series0?: { readonly axes: string; readonly shape: readonly number[]; readonly planes: unknown };
}

function manifest<T>(name: string): readonly T[] {
  return (JSON.parse(readFileSync(sharedPath(name, "manifest.json"), "utf8")) as { files: readonly T[] })
    .files;
}

/** Everything that differs from the manifest. */
async function differences(file: GoodFile): Promise<string[]> {
  const stack = await tiffReader.open({ path: sharedPath("tiffs", file.file) }, job);
  const found: string[] = [];
  const same = (what: string, actual: unknown, expected: unknown): void => {
    if (JSON.stringify(actual) !== JSON.stringify(expected)) {
      found.push(`${what} ${JSON.stringify(actual)} instead of ${JSON.stringify(expected)}`);
    }
  };
  try {
    const { facts } = stack;
    for (const plane of file.planes.filter(({ sub }) => sub === undefined)) {
      const volume = await stack.readStoredPlane(plane.ifd, job);
      same(`shape of plane ${plane.ifd}`, volume.shape, plane.shape);
      same(`plane ${plane.ifd}`, hashPlane(volume), plane.sha256);
    }
    if (file.series0 !== undefined) {
      same("axes", facts.axes, file.series0.axes);
      same("shape", facts.shape, file.series0.shape);
      const single = Array.isArray(file.series0.planes) && file.n_ifds === 1 && !/S/.test(facts.axes);
      if (single) {
        const hashes = file.series0.planes as string[];
        for (const [i, hash] of hashes.entries())
          same(`plane ${i}`, hashPlane(await stack.readStoredPlane(i, job)), hash);
        same("planes", facts.planes, hashes.length);
      } else same("planes", facts.planes, file.n_ifds);
    }
    same("levels", facts.levels, file.series[0].levels);
    same("bigTiff", facts.bigTiff, file.bigtiff);
    same("byteOrder", facts.byteOrder, file.byteorder);
  } finally {
    await stack.close();
  }
  return found;
}

/** Refused today, with the code of the sentence; the rest of the 126 are exact. */
const REFUSED: Record<string, string> = {
  "imagetiff_fax4.tiff": "stack.compression",
  "imagetiff_logluv-3c-16b.tiff": "stack.compression",
  "imagetiff_seq-1c-1b-fax3-71f6a21a.tiff": "stack.compression",
  "pillow_separate_planar_extra_samples.tiff": "stack.missingPixels",
};

test.skipIf(!hasShared)(
  "122 of the 126 pictures are exact, the JPEG ones too, 4 are refused in one sentence",
  async () => {
    let exact = 0;
    for (const file of manifest<GoodFile>("tiffs")) {
      try {
        const found = await differences(file);
        expect(REFUSED[file.file], file.file).toBeUndefined();
        // The checksums of JPEG files are those of libtiff's own decode.
        expect(found, file.file).toEqual([]);
        exact += 1;
      } catch (error) {
        if (!(error instanceof TilewrightError)) throw error;
        expect(error.code, `${file.file}: ${error.message}`).toBe(REFUSED[file.file]);
        expect(error.message).toContain(file.file);
        expect(error.message).not.toContain("\n");
        expect(error.hint).toBeTruthy();
      }
    }
    expect(exact).toBe(122);
  },
);

/** What opening a bad file and reading all its planes comes to, and the sentences on the way. */
async function endingOf(file: string): Promise<{ ending: string; words: string; readable: number }> {
  let ending: string | null = null;
  const words: string[] = [];
  const fail = (error: unknown): void => {
    const { code, message } = checkError(error, file);
    ending ??= code;
    words.push(message);
  };
  let readable = 0;
  try {
    const stack = await tiffReader.open({ path: sharedPath("tiffs-bad", file) }, job);
    words.push(...stack.facts.warnings);
    for (let plane = 0; plane < stack.facts.planes; plane++) {
      await stack.readStoredPlane(plane, job).then(() => (readable += 1), fail);
    }
    await stack.close();
  } catch (error) {
    fail(error);
  }
  return { ending: ending ?? (words.length > 0 ? "warned" : "whole"), words: words.join("; "), readable };
}

test.skipIf(!hasShared)(
  "all 54 damaged and hostile files end as they should, in words that tell the damage",
  async () => {
    const files = badFiles();
    expect(files.map(({ file }) => file).sort()).toEqual(Object.keys(BAD_ENDINGS).sort());
    expect(files.length).toBe(54);
    for (const { file, expect: wanted } of files) {
      const { ending, words, readable } = await endingOf(file);
      expect([file, ending]).toEqual([file, BAD_ENDINGS[file][0]]);
      expect(words, file).toContain(BAD_ENDINGS[file][1]);
      if (wanted === "error") expect(readable, file).toBe(0);
      if (wanted === "ok") expect(readable, file).toBeGreaterThan(0);
      if (wanted === "error-or-partial") expect(ending, file).not.toBe("whole");
    }
  },
);

/** Pages of a file of which everything lies before `end`, and so does everything that leads to them. */
function completePages(bytes: Buffer, end: number): number {
  const anatomy = dissect(bytes);
  const ends = anatomy.sections
    .slice(0, anatomy.chain)
    .map((section) =>
      Math.max(
        section.nextAt + (anatomy.big ? 8 : 4),
        ...section.fields.map(({ valueAt, count, size }) => valueAt + count * size),
        ...chunkPlaces(bytes, anatomy, section).map((chunk) => chunk.at + chunk.bytes),
      ),
    );
  const broken = ends.findIndex((last) => last > end);
  return broken < 0 ? ends.length : broken;
}

test.skipIf(!hasShared)(
  "of a stack that was cut anywhere the pages before the cut are the same, with a warning",
  async () => {
    let pages = 0;
    let files = 0;
    for (const { file, n_ifds: count } of manifest<GoodFile>("tiffs")) {
      const bytes = readFileSync(sharedPath("tiffs", file));
      if (count < 2 || bytes.length > 4_000_000 || REFUSED[file] !== undefined) continue;
      files += 1;
      const whole = await openTiff(new CountingSource(bytes), job);
      for (const part of [0.1, 0.3, 0.5, 0.7, 0.9, 0.98]) {
        const end = Math.floor(bytes.length * part);
        const complete = completePages(bytes, end);
        if (complete === 0) continue;
        const stack = await openTiff(new CountingSource(bytes.subarray(0, end)), job);
        expect(stack.facts.planes, file).toBeGreaterThanOrEqual(complete);
        let lost = whole.facts.planes - stack.facts.planes;
        for (let page = 0; page < stack.facts.planes; page += 1 + Math.floor(complete / 8)) {
          const cut = await stack.readStoredPlane(page, job).catch(() => null);
          if (page < complete) expect(cut, `${file} cut to ${end}, page ${page}`).not.toBeNull();
          if (cut === null) lost += 1;
          else {
            const original = await whole.readStoredPlane(page, job);
            expect(Buffer.compare(storedBytes(cut), storedBytes(original)), `${file} cut to ${end}`).toBe(0);
            pages += 1;
          }
        }
        if (lost > 0) expect(stack.facts.warnings.join(), file).toMatch(/cut short|only the first/);
      }
    }
    expect(files).toBeGreaterThan(10);
    expect(pages).toBeGreaterThan(100);
  },
);
