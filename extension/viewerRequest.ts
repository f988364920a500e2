/**
 * What every request of a viewer goes through before anything is done: nothing is known of it yet.
 * @module
 */
import { refuse } from "../src/protocol/viewerChecks";

/**
 * What came from a viewer, as fields of any kind.
 *
 * @throws {TilewrightError} `viewer.badMessage`
 */
export function fieldsOf(params: unknown): Readonly<Record<string, unknown>> {
  if (typeof params !== "object" || params === null) throw refuse("a request needs its fields");
  return params as Readonly<Record<string, unknown>>;
}

/**
 * Which stack a request is about, and the request without that.
 *
 * @returns `layer` 0 for the stack of the editor; `rest` is as unknown as it came, whatever its type says
 * @throws {TilewrightError} `viewer.badMessage`
 */
export function splitLayer<P extends object>(
  params: P,
): { readonly layer: number; readonly rest: Omit<P, "layer"> } {
  const { layer = 0, ...rest } = fieldsOf(params);
  if (typeof layer !== "number" || !Number.isSafeInteger(layer) || layer < 0)
    throw refuse(`there is no layer ${String(layer).slice(0, 50)}`);
  return { layer, rest: rest as Omit<P, "layer"> };
}
