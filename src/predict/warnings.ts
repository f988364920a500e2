/**
 * What a finished run warns of: its plan, its options, its pixels.
 * @module
 */
import type { MeasuredNormalization } from "./normalize";
import type { Prepared } from "./prepare";
import type { RunWarning } from "./record";
import { meanChannelCount } from "./tile";

/**
 * Everything the user should know about a run that is done.
 *
 * @param run what was run, and what the choice of the engine noted
 * @param end intensities as measured, and how many values did not fit into the pixel type written
 */
export function runWarnings(
  { prepared, notes }: { readonly prepared: Prepared; readonly notes: readonly string[] },
  { measured, clamped }: { readonly measured: MeasuredNormalization; readonly clamped: number },
): RunWarning[] {
  const { plan, geometry, options, model } = prepared;
  const plain = (code: string, message: string, fix: string): RunWarning => ({
    code,
    axis: null,
    message,
    fix,
  });
  const warnings: RunWarning[] = plan.warnings.map(({ code, axis, message, fix }) => ({
    code,
    axis,
    message,
    fix,
  }));
  const replaced = replacedDtype(prepared);
  if (replaced !== null) warnings.push(plain("dtype", replaced, "none needed; --dtype says what is written"));
  if (options.normalizeScope === "tile" && plan.count > 1) warnings.push(TILE_NORMALIZATION);
  if (options.blend !== "crop" && plan.count > 1) warnings.push(BLENDED);
  for (const message of geometry.warnings)
    warnings.push(plain("axes", message, "check --axes and the model"));
  for (const message of model.warnings) warnings.push(plain("model", message, "check the model"));
  // "auto" falling back is the normal case and only logged; not getting the engine asked for is a warning.
  if (options.engine !== "auto") {
    for (const note of notes) warnings.push(plain("engine", note, "see tilewright engines"));
  }
  if (measured.ignored > 0) {
    warnings.push(
      plain(
        "not-finite",
        `${measured.ignored} pixels of the input are NaN or infinite; they were left out of the intensities measured`,
        "repair the input: everything in their context becomes NaN",
      ),
    );
  }
  if (measured.undo && meanChannelCount(prepared) !== model.network.inputs[0].channels) {
    warnings.push(
      plain(
        "normalization-kept",
        "the normalisation was not undone: the model has other channels out than in",
        "none needed; this is what CSBDeep does",
      ),
    );
  }
  if (clamped > 0) {
    warnings.push(
      plain("clamped", `${clamped} values did not fit into the pixel type and were clamped`, "write float32"),
    );
  }
  return warnings;
}

/** A sentence when "--dtype input" cannot be done to the letter; null otherwise. */
function replacedDtype({ options, stack }: Prepared): string | null {
  const { dtype, readsAs } = stack.facts;
  if (options.dtype !== "input" || dtype === readsAs || readsAs === null) return null;
  return `the input's pixel type ${dtype} is not one that is written; the result is ${readsAs}, as the input was read`;
}

const TILE_NORMALIZATION: RunWarning = {
  code: "tile-normalization",
  axis: null,
  message: "each tile is normalised by its own intensities: neighbouring tiles get different brightness",
  fix: "use --normalize-scope stack",
};

const BLENDED: RunWarning = {
  code: "blended",
  axis: null,
  message:
    "tiles are blended: where the overlap is below the context this hides seams, it does not make them exact",
  fix: "use --blend crop",
};
