/**
 * Decoders of geotiff 3, which allocate what the data ask for: whoever calls checks the data first. geotiff is
 * loaded when it is first needed.
 * @module
 */

/** Decodes `data` with geotiff's decoder of a TIFF compression. */
export async function decodeWithGeotiff(
  compression: number,
  data: Uint8Array,
  parameters: object,
): Promise<Uint8Array> {
  const { getDecoder } = await import("geotiff");
  const decoder = await getDecoder(compression, {
    tileWidth: 1,
    tileHeight: 1,
    predictor: 1,
    bitsPerSample: 8,
    planarConfiguration: 1,
    ...parameters,
  });
  try {
    return new Uint8Array(await decoder.decode(new Uint8Array(data).buffer));
  } catch (cause) {
    // Over damaged data the decoders stumble in words that are about themselves.
    const stumbled = cause instanceof TypeError || cause instanceof RangeError;
    throw stumbled ? new Error("they contradict themselves", { cause }) : cause;
  }
}
