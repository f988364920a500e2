/**
 * Where the results of a batch go, and what is done about what stands there already.
 * @module
 */
import { basename, extname, join, relative } from "node:path";
import { TilewrightError } from "../errors";
import type { OutputState } from "../protocol/prediction";

/** Endings that a result may have: those of the formats that are written. */
const WRITTEN_ENDINGS = [".tif", ".tiff", ".btf", ".tf8", ".tf2", ".zarr"];

/**
 * Names of results: the place of each input below the common folder is kept, and its name; the ending becomes `.tif`
 * where the input's is none that is written. No two are equal, not even on a disk that ignores case.
 *
 * @param files  absolute paths of the inputs
 * @param base   folder that holds all of them; null: only their names are kept
 * @param folder of the results, absolute
 * @returns absolute paths in the order of `files`
 */
export function mirroredOutputs(files: readonly string[], base: string | null, folder: string): string[] {
  const kept = files.map((file) => (base === null ? basename(file) : relative(base, file)));
  const taken = new Set<string>();
  const names: (string | undefined)[] = kept.map(() => undefined);
  const claim = (index: number, candidates: Iterable<string>): void => {
    for (const name of candidates) {
      if (taken.has(name.toLowerCase())) continue;
      taken.add(name.toLowerCase());
      names[index] = name;
      return;
    }
  };
  // Names that stay as they are come first: no other one may take theirs.
  for (const [i, name] of kept.entries()) if (isWritten(name)) claim(i, [name]);
  for (const [i, name] of kept.entries()) if (names[i] === undefined) claim(i, freeNames(name));
  return names.map((name) => join(folder, name ?? ""));
}

/** `a.tif`, then `a.lsm.tif`, `a-2.tif`, `a-3.tif`… */
function* freeNames(name: string): Generator<string> {
  const ending = extname(name);
  const written = isWritten(name) ? ending : ".tif";
  const stem = name.slice(0, name.length - ending.length);
  yield stem + written;
  if (!isWritten(name)) yield `${name}.tif`;
  for (let number = 2; ; number++) yield `${stem}-${number}${written}`;
}

function isWritten(name: string): boolean {
  return WRITTEN_ENDINGS.includes(extname(name).toLowerCase());
}

/** What is done for one output. */
export type BatchAction = "predict" | "resume" | "skip";

/**
 * What is done for an output: `--resume` leaves alone what is finished and goes on with what is not, `--overwrite`
 * replaces; both together replace only what another run wrote.
 *
 * @throws {TilewrightError} `out.exists`, `out.partialExists`, `resume.differs` when what stands there is in the way
 */
export function batchAction(
  out: string,
  state: OutputState,
  { resume, overwrite }: { readonly resume: boolean; readonly overwrite: boolean },
): BatchAction {
  if (state === "none") return "predict";
  if (resume && state === "finished") return "skip";
  if (resume && state === "partial") return "resume";
  if (overwrite) return "predict";
  if (state === "partial") {
    throw new TilewrightError(
      "out.partialExists",
      `${out} is the unfinished output of an earlier run`,
      "go on with --resume, or start over with --overwrite",
    );
  }
  if (resume) {
    throw new TilewrightError(
      "resume.differs",
      `${out} exists, but is not this input's result with this model and these options, or the input changed since`,
      "replace it with --overwrite, or choose another output folder",
    );
  }
  throw new TilewrightError(
    "out.exists",
    `${out} exists already`,
    "skip what is finished with --resume, replace it with --overwrite, or choose another output folder",
  );
}
