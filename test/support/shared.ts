import { existsSync } from "node:fs";
import { join } from "node:path";

const ROOT = join(import.meta.dirname, "../../../shared");

/** Whether the reference material (pictures, models, golden figures) lies beside the checkout. */
export const hasShared = existsSync(join(ROOT, "golden", "tilings-public.json"));

/** A path inside the reference material. */
export const sharedPath = (...parts: string[]): string => join(ROOT, ...parts);
