/**
 * The registries of one process. They start empty: built-ins are registered by `src/builtins.ts`
 * exactly as plugins will be.
 * @module
 */
import type { EngineKind } from "../engines/engine";
import type { ModelFormat } from "../models/model";
import type { StackReader } from "../stack/stack";
import { Registry } from "./registry";

/** What can be contributed. */
export interface Registries {
  readonly readers: Registry<StackReader>;
  readonly modelFormats: Registry<ModelFormat>;
  readonly engines: Registry<EngineKind>;
}

/** Empty registries. */
export function createRegistries(): Registries {
  return {
    readers: new Registry("stack reader"),
    modelFormats: new Registry("model format"),
    engines: new Registry("engine"),
  };
}
