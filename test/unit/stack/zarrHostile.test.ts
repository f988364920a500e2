import { mkdirSync, readFileSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import { builtinRegistries } from "../../../src/builtins";
import { quietJob } from "../../../src/job";
import { openStack } from "../../../src/stack/open";
import { wholeRegion } from "../../../src/volume/region";
import { temporaryFolder } from "../../support/prediction";
import { PACKERS, multiscales, writeGroup, writeJson, writeZarrArray, zarrNoise } from "../../support/zarr";
import type { ArrayForm, ZarrPixels } from "../../support/zarr";

const scratch = temporaryFolder();
afterAll(scratch.dispose);
const readers = builtinRegistries().readers.all();
const job = quietJob();
let made = 0;
const freshFolder = (name = "a.zarr"): string => join(scratch.path, String(made++), name);

const SHAPE = [6, 21, 30] as const;
const CHUNKS = [2, 8, 16];

async function wholeOf(path: string): Promise<unknown> {
  const stack = await openStack({ path }, readers, job);
  try {
    return (await stack.read(wholeRegion(stack.facts.canonicalShape), job)).data;
  } finally {
    await stack.close();
  }
}

async function bare(pixels: ZarrPixels, form: Partial<ArrayForm> & { dtype: string }): Promise<string> {
  const folder = freshFolder();
  await writeZarrArray(folder, pixels, { shape: SHAPE, chunks: CHUNKS, ...form });
  return folder;
}

describe("what cannot be right", () => {
  const code = (path: string) =>
    wholeOf(path).then(
      () => "read",
      (error: unknown) => (error as { code?: string }).code,
    );
  const pixels = zarrNoise((n) => new Uint16Array(n), SHAPE);

  test.each(["../../secret", "/etc", "a/../../b", "..", "a\\..\\..\\b"])(
    "a level named %s is refused",
    async (path) => {
      const folder = freshFolder();
      writeGroup(folder, 3, { multiscales: [multiscales("yx", [{ path, scale: [1, 1] }])] });
      expect(await code(folder)).toBe("stack.outside");
    },
  );

  test("a level that is a link out of the folder is refused", async () => {
    const folder = freshFolder();
    writeGroup(folder, 3, { multiscales: [multiscales("zyx", [{ path: "0", scale: [1, 1, 1] }])] });
    symlinkSync(await bare(pixels, { dtype: "uint16" }), join(folder, "0"));
    expect(await code(folder)).toBe("stack.outside");
  });

  test("a chunk that was cut short is an error that names it, not zeros", async () => {
    const path = await bare(pixels, { dtype: "uint16" });
    const chunk = join(path, "c/1/2/1");
    truncateSync(chunk, 100);
    await expect(wholeOf(path)).rejects.toMatchObject({ code: "stack.decode", message: /chunk 1, 2, 1/ });
    truncateSync(chunk, 0);
    expect(await code(path)).toBe("stack.decode");
  });

  test("damaged packed chunks are errors: cut, changed, claiming too much", async () => {
    for (const name of ["gzip", "numcodecs.zlib", "blosc", "zstd", "numcodecs.lz4"]) {
      const encode = PACKERS[name.replace("numcodecs.", "")];
      const path = await bare(pixels, { dtype: "uint16", codecs: [{ name }], encode });
      const chunk = join(path, "c/0/0/0");
      const good = readFileSync(chunk);
      for (const bad of [
        good.subarray(0, good.length - 5),
        good.subarray(0, 3),
        Buffer.alloc(40, 0x5a),
        Buffer.alloc(0),
      ]) {
        writeFileSync(chunk, bad);
        expect(await code(path), `${name} ${bad.length}`).toBe("stack.decode");
      }
      const bomb = await encode(Buffer.alloc(2 ** 22));
      writeFileSync(chunk, bomb);
      expect(await code(path), `${name} that unpacks to too much`).toBe("stack.decode");
    }
  });

  test("a wrong checksum is an error", async () => {
    const path = await bare(pixels, {
      dtype: "uint16",
      codecs: [{ name: "crc32c" }],
      encode: (bytes) => Buffer.concat([bytes, Buffer.alloc(4)]),
    });
    await expect(wholeOf(path)).rejects.toMatchObject({ code: "stack.decode", message: /checksum/ });
  });

  test("claims are refused before anything is made of their size", async () => {
    const claim = async (extra: Readonly<Record<string, unknown>>): Promise<unknown> =>
      code(await bare(pixels, { dtype: "uint16", extra }));
    const grid = (chunk_shape: unknown) => ({
      chunk_grid: { name: "regular", configuration: { chunk_shape } },
    });
    expect(await claim({ shape: [1, 1e6, 1e6], ...grid([1, 1e6, 1e6]) })).toBe("stack.tooLarge");
    expect(await claim({ shape: [1, 1e6, 1e6] })).toBe("stack.tooLarge");
    expect(await claim({ shape: [1e9, 1e9, 1e9] })).toBe("stack.damaged");
    expect(await claim(grid([2, 0, 16]))).toBe("stack.damaged");
    expect(await claim(grid([2, -8, 16]))).toBe("stack.damaged");
    expect(await claim(grid([2, 8]))).toBe("stack.damaged");
    expect(await claim({ data_type: "complex64" })).toBe("stack.pixelType");
    expect(await claim({ data_type: "__proto__" })).toBe("stack.pixelType");
    expect(await claim({ fill_value: "constructor" })).toBe("stack.damaged");
    expect(await claim({ codecs: [{ name: "bytes" }, { name: "numcodecs.bz2" }] })).toBe("stack.compression");
  });

  test("metadata that are no JSON, no object or too large are errors", async () => {
    for (const text of ["{", "[]", "null", `{"a":"${"x".repeat(9 * 2 ** 20)}"}`]) {
      const folder = freshFolder();
      mkdirSync(folder, { recursive: true });
      writeFileSync(join(folder, "zarr.json"), text);
      expect(await code(folder)).toBe("stack.damaged");
    }
  });

  test("an empty folder, a file, a plate and a group without images say what they are", async () => {
    const empty = freshFolder();
    mkdirSync(empty, { recursive: true });
    expect(await code(empty)).toBe("stack.notZarr");
    const file = freshFolder();
    mkdirSync(join(file, ".."), { recursive: true });
    writeFileSync(file, "x");
    expect(await code(file)).toBe("stack.notZarr");
    const plate = freshFolder();
    writeGroup(plate, 3, { plate: {} });
    await expect(wholeOf(plate)).rejects.toMatchObject({ code: "stack.notZarr", message: /plate/ });
    const group = freshFolder();
    writeGroup(group, 2, {});
    expect(await code(group)).toBe("stack.notZarr");
    expect(await code(freshFolder())).toBe("file.missing");
    const lost = freshFolder();
    writeGroup(lost, 2, { multiscales: [multiscales("yx", [{ path: "0", scale: [1, 1] }])] });
    expect(await code(lost)).toBe("stack.damaged");
  });

  test("a shard whose index points outside it is an error", async () => {
    const folder = freshFolder();
    const bytes = [{ name: "bytes", configuration: { endian: "little" } }];
    const sharding = { chunk_shape: [4, 4], codecs: bytes, index_codecs: bytes };
    writeJson(join(folder, "zarr.json"), {
      zarr_format: 3,
      node_type: "array",
      shape: [8, 8],
      data_type: "uint8",
      chunk_grid: { name: "regular", configuration: { chunk_shape: [8, 8] } },
      chunk_key_encoding: { name: "default" },
      codecs: [{ name: "sharding_indexed", configuration: sharding }],
      fill_value: 0,
    });
    mkdirSync(join(folder, "c/0"), { recursive: true });
    for (const entry of [
      [0n, 2n ** 40n],
      [2n ** 60n, 16n],
      [60n, 16n],
    ]) {
      const table = Buffer.from(new BigUint64Array([...entry, ...entry, ...entry, ...entry]).buffer);
      writeFileSync(join(folder, "c/0/0"), table);
      expect(await code(folder)).toBe("stack.decode");
    }
    writeFileSync(join(folder, "c/0/0"), Buffer.alloc(10));
    expect(await code(folder)).toBe("stack.decode");
    rmSync(folder, { recursive: true });
  });
});
