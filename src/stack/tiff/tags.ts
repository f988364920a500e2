/**
 * Numbers of the TIFF 6.0, BigTIFF and ImageJ formats that reader and writer share.
 * @module
 */

/** Tag numbers. */
export const TAG = {
  newSubfileType: 254,
  imageWidth: 256,
  imageLength: 257,
  bitsPerSample: 258,
  compression: 259,
  photometric: 262,
  fillOrder: 266,
  imageDescription: 270,
  stripOffsets: 273,
  samplesPerPixel: 277,
  rowsPerStrip: 278,
  stripByteCounts: 279,
  xResolution: 282,
  yResolution: 283,
  planarConfiguration: 284,
  resolutionUnit: 296,
  software: 305,
  predictor: 317,
  colorMap: 320,
  tileWidth: 322,
  tileLength: 323,
  tileOffsets: 324,
  tileByteCounts: 325,
  subIfds: 330,
  sampleFormat: 339,
  jpegTables: 347,
  /** MetaMorph's UIC2: one value of six numbers for each plane. */
  metamorphPlanes: 33629,
  zeissLsm: 34412,
  imagejMetadataCounts: 50838,
  imagejMetadata: 50839,
} as const;

/** Field types. */
export const TYPE = { ascii: 2, short: 3, long: 4, rational: 5, long8: 16 } as const;

/** Bytes of one value of each field type; 0 for types that do not exist. */
export const TYPE_BYTES: readonly number[] = [0, 1, 1, 2, 4, 8, 1, 1, 2, 4, 8, 4, 8, 4, 0, 0, 8, 8, 8];

/** Classic TIFF holds byte positions below this. */
export const CLASSIC_LIMIT = 2 ** 32;
