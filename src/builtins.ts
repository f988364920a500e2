/**
 * The built-in contributions, registered through the same door as those of plugins.
 * @module
 */
import { cpuEngine } from "./engines/cpu";
import { webgpuEngine } from "./engines/webgpu";
import { careFormat } from "./models/care";
import { onnxFormat } from "./models/onnxFile";
import { createRegistries } from "./plugins/registries";
import type { Registries } from "./plugins/registries";
import { tiffReader } from "./stack/tiff/read";
import { zarrReader } from "./stack/zarr/read";

/** Registers the readers that come with Tilewright. */
export function registerReaders(registries: Registries): void {
  registries.readers.register(tiffReader);
  registries.readers.register(zarrReader);
}

/** Registers everything that comes with Tilewright. */
export function registerBuiltins(registries: Registries): void {
  registerReaders(registries);
  registries.modelFormats.register(careFormat);
  registries.modelFormats.register(onnxFormat);
  registries.engines.register(webgpuEngine);
  registries.engines.register(cpuEngine);
}

/** Registries that hold the built-ins. */
export function builtinRegistries(): Registries {
  const registries = createRegistries();
  registerBuiltins(registries);
  return registries;
}
