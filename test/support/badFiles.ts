import { readFileSync } from "node:fs";
import { sharedPath } from "./shared";

/** A damaged or hostile file of the reference material. */
export interface BadFile {
  readonly file: string;
  readonly expect: "error" | "error-or-partial" | "error-or-ok" | "ok";
  readonly why: string;
}

/** All of them, as their manifest lists them. */
export function badFiles(): readonly BadFile[] {
  const text = readFileSync(sharedPath("tiffs-bad", "manifest.json"), "utf8");
  return (JSON.parse(text) as { files: readonly BadFile[] }).files;
}

/**
 * How each ends, by what is wrong with it: `whole` and `warned` are stacks, all else is the code of the error; and what
 * the sentence of the error or the warning says about the damage.
 */
export const BAD_ENDINGS: Readonly<Record<string, readonly [ending: string, words: string]>> = {
  "00_empty.tif": ["stack.notTiff", "it is empty"],
  "02_header_only.tif": ["stack.truncated", "ends before byte 10"],
  "04_bad_byteorder.tif": ["stack.notTiff", "neither II nor MM"],
  "06_truncated_in_ifd.tif": ["stack.truncated", "ends before byte 122"],
  "08_ifd_offset_beyond_eof.tif": ["stack.truncated", "ends before byte 1073741826"],
  "10_self_cycle.tif": ["warned", "only the first page can be read: the list of pages runs in a circle"],
  "12_dims_2e32.tif": ["stack.damaged", "ImageWidth 4294967295"],
  "14_dims_zero.tif": ["stack.damaged", "ImageWidth 0"],
  "16_missing_width.tif": ["stack.damaged", "no ImageWidth"],
  "18_missing_bytecounts.tif": ["warned", "does not say how many bytes it has"],
  "20_strip_bytecount_huge.tif": ["warned", "says it has 4294967280 bytes, it needs 256"],
  "22_tagcount_overflow.tif": ["stack.damaged", "list of strips or tiles that lies outside the file"],
  "24_float_width.tif": ["stack.damaged", "ImageWidth is of field type 11"],
  "26_unknown_compression.tif": ["stack.compression", "number 54321"],
  "28_zip_bomb_claimed.tif": ["stack.damaged", "claims 65535 x 65535 x 1 pixels"],
  "30_lzw_corrupt.tif": ["stack.decode", "lzw data are damaged"],
  "32_packbits_literal_eof.tif": ["stack.decode", "packbits data hold 3 of 256 bytes"],
  "34_bps_65535.tif": ["stack.damaged", "65535 bits per sample"],
  "36_rowsperstrip_0.tif": ["whole", ""],
  "38_tile_size_huge.tif": ["stack.damaged", "TileWidth 2147483648"],
  "40_ifd_65535_entries.tif": ["stack.damaged", "65535 header entries"],
  "42_bigtiff_offset_2e60.tif": ["stack.truncated", "ends before byte 11529215046068"],
  "44_many_ifds_chain.tif": ["stack.damaged", "no ImageWidth"],
  "46_ome_entity_bomb.ome.tif": ["warned", "declare a document type"],
  "48_ome_broken_xml.ome.tif": ["warned", "no well-formed XML"],
  "50_trailing_garbage.tif": ["whole", ""],
  "fuzz_divide_by_zero_000000.tif": ["stack.damaged", "ImageLength 0"],
  "fuzz_divide_by_zero_000008.tif": ["stack.damaged", "ImageLength 0"],
  "fuzz_divide_by_zero_000016.tif": ["stack.damaged", "ImageLength 0"],
  "fuzz_divide_by_zero_000024.tif": ["stack.decode", "packbits data hold 3640 of 47414 bytes"],
  "fuzz_divide_by_zero_000032.tif": ["stack.damaged", "ImageLength 0"],
  "fuzz_divide_by_zero_000040.tif": ["stack.truncated", "ends before byte 4244164523"],
  "fuzz_divide_by_zero_000048.tif": ["stack.damaged", "ImageLength 0"],
  "fuzz_inf_loop_000040.tif": ["stack.truncated", "ends before byte 1073741848"],
  "fuzz_oom_crash_000003.tif": ["stack.truncated", "ends before byte 8589803759"],
  "fuzz_oom_crash_000011.tif": ["stack.truncated", "ends before byte 939540483"],
  "fuzz_oom_crash_000025.tif": ["warned", "1 header entries of page 0 point outside the file"],
  "fuzz_oom_crash_000034.tif": ["stack.truncated", "ends before byte 8220835843"],
  "fuzz_oom_crash_000042.tif": ["stack.truncated", "ends before byte 8588034051"],
  "fuzz_oom_crash_000058.tif": ["stack.damaged", "lists its strips or tiles in field type 5"],
  "fuzz_oor_panic_000049.tif": ["stack.damaged", "SampleFormat is of field type 4099"],
  "fuzz_oor_panic_graydepth-invert-overflow-5a0aad5024cc4ff3.tiff": [
    "stack.damaged",
    "ImageWidth is of field type 0",
  ],
  "pillow_crash-0c7e0e8e11ce787078f00b5b0ca409a167f070e0.tif": ["stack.truncated", "ends before byte 4321"],
  "pillow_crash-0e16d3bfb83be87356d026d66919deaefca44dac.tif": ["stack.truncated", "ends before byte 15889"],
  "pillow_crash-1185209cf7655b5aed8ae5e77784dfdd18ab59e9.tif": ["stack.truncated", "ends before byte 4321"],
  "pillow_crash-338516dbd2f0e83caddb8ce256c22db3bd6dc40f.tif": ["stack.truncated", "ends before byte 15889"],
  "pillow_crash-63b1dffefc8c075ddc606c0a2f5fdc15ece78863.tif": [
    "stack.damaged",
    "Predictor is of field type 259",
  ],
  "pillow_crash-86214e58da443d2b80820cff9677a38a33dcbbca.tif": ["stack.truncated", "ends before byte 65270"],
  "pillow_libtiff_segfault.tif": ["stack.damaged", "lists 1 strips or tiles, it needs 23"],
  "pillow_multipage_single_frame_loop.tiff": ["warned", "runs in a circle"],
  "pillow_oom-225817ca0f8c663be7ab4b9e717b02c661e66834.tif": ["stack.truncated", "ends before byte 146"],
  "pillow_tiff_overflow_rows_per_strip.tif": ["stack.damaged", "has 8062 bytes, it needs 103972"],
  "pillow_tiff_wrong_bits_per_sample.tiff": ["warned", "says it has 35711440 bytes, it needs 11024"],
  "pillow_total-pages-zero.tif": ["stack.compression", "ccitt-fax3"],
};
