/**
 * WebAssembly parts of codec packages: beside the bundle once built, in their package otherwise.
 * @module
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";

/** WebAssembly files as `require` resolves them, and their names beside the bundle; esbuild.config.mjs copies them. */
const WASM_FILES = {
  "@cornerstonejs/codec-libjpeg-turbo-8bit/decodewasm": "libjpegturbowasm_decode.wasm",
  "@cornerstonejs/codec-openjpeg/decodewasm": "openjpegwasm_decode.wasm",
  "@jsquash/webp/codec/dec/webp_dec.wasm": "webp_dec.wasm",
} as const;

/** What Emscripten's loaders take. */
export interface WasmOptions {
  readonly wasmBinary: Uint8Array<ArrayBuffer>;
  readonly print: () => void;
  readonly printErr: () => void;
}

/**
 * Options for the loader of a codec: its WebAssembly file, and silence, because stdout and stderr are not its own.
 *
 * @throws {Error} when the file is neither beside the bundle nor installed
 */
export async function wasmOptions(file: keyof typeof WASM_FILES): Promise<WasmOptions> {
  const silent = (): void => undefined;
  return { wasmBinary: await wasmBytes(file), print: silent, printErr: silent };
}

async function wasmBytes(file: keyof typeof WASM_FILES): Promise<Uint8Array<ArrayBuffer>> {
  try {
    return await readFile(new URL(`./codecs/${WASM_FILES[file]}`, import.meta.url));
  } catch {
    // Not built: the sources run from the repository, where the packages are.
    return await readFile(createRequire(import.meta.url).resolve(file));
  }
}
