/**
 * Where diagnoses are kept so that their panels survive a reload of the window: files in the storage of the extension,
 * which nothing else writes.
 * @module
 */
import { createHash } from "node:crypto";
import { mkdir, readFile, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Diagnosis } from "../src/diagnose/diagnosis";
import type { DiagnosisRequest } from "../src/protocol/prediction";
import { version } from "../src/version";

const KEPT = 24;
const MOST_BYTES = 256 * 2 ** 20;

/** A diagnosis and what was asked for it. */
export interface KeptDiagnosis {
  /** The stack as a URI. */
  readonly key: string;
  readonly request: DiagnosisRequest;
  readonly diagnosis: Diagnosis;
  /** What could be known with more than there was. */
  readonly more: string | null;
}

/** Diagnoses and heat maps by stack; the latest of each are kept. */
export class DiagnosisStore {
  readonly #folder: string;

  /** @param folder of its own; made when it is first needed */
  constructor(folder: string) {
    this.#folder = folder;
  }

  /** Keeps a diagnosis in place of an earlier one of the same stack. */
  async save(kept: KeptDiagnosis): Promise<void> {
    const path = await this.#place(kept.key, "json");
    await writeFile(`${path}.partial`, JSON.stringify({ version, ...kept }));
    await rename(`${path}.partial`, path);
    await this.#thin(".json");
  }

  /** The diagnosis of a stack; null when there is none, or one of another version of the extension. */
  async load(key: string): Promise<KeptDiagnosis | null> {
    const path = join(this.#folder, fileName(key, "json"));
    try {
      if ((await stat(path)).size > MOST_BYTES) return null;
      const found = JSON.parse(await readFile(path, "utf8")) as KeptDiagnosis & { readonly version: string };
      return found.version === version && found.key === key ? found : null;
    } catch {
      return null;
    }
  }

  /** Where the heat map of a stack is to be written; earlier ones of other stacks are removed when there are many. */
  async heatMapPath(key: string): Promise<string> {
    await this.#thin(".tif");
    return this.#place(key, "tif");
  }

  async #place(key: string, ending: string): Promise<string> {
    await mkdir(this.#folder, { recursive: true });
    return join(this.#folder, fileName(key, ending));
  }

  async #thin(ending: string): Promise<void> {
    const names = await readdir(this.#folder).catch(() => []);
    const files = await Promise.all(
      names
        .filter((name) => name.endsWith(ending))
        .map(async (name) => {
          const path = join(this.#folder, name);
          return {
            path,
            at: await stat(path).then(
              ({ mtimeMs }) => mtimeMs,
              () => 0,
            ),
          };
        }),
    );
    const oldest = files.sort((a, b) => b.at - a.at).slice(KEPT);
    await Promise.all(oldest.map(({ path }) => rm(path, { force: true })));
  }
}

/** The name of the stack, so that a layer is recognised, and what tells it from others of that name. */
function fileName(key: string, ending: string): string {
  const hash = createHash("sha256").update(key).digest("hex").slice(0, 24);
  const name = (key.split("/").pop() ?? "").replace(/%[0-9a-f]{2}/gi, "-");
  const stem = name.replace(/[^\w.-]+/g, "-").slice(0, 60);
  return ending === "json" ? `${hash}.json` : `marks of ${stem} ${hash.slice(0, 8)}.${ending}`;
}
