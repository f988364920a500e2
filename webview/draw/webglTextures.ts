/**
 * Textures of the WebGL renderer: samples of planes, re-used from plane to plane, and small tables.
 * @module
 */
import { UNITS } from "./webglShaders";

/** What a texture holds per texel. */
export type TexelFormat = "u8" | "u16" | "u32" | "u32x2" | "i32" | "rgba8";

interface FormatOf {
  readonly internal: GLenum;
  readonly format: GLenum;
  readonly type: GLenum;
  readonly bytes: number;
}

/** Whole numbers in a row, as one texture holds them. */
export interface Samples {
  readonly format: "u8" | "u16" | "u32" | "u32x2";
  readonly data: Uint8Array | Uint16Array | Uint32Array;
}

/** Samples in a texture: sample i is the texel at (i mod 2^shift, i div 2^shift). */
export interface Uploaded {
  readonly texture: WebGLTexture;
  readonly shift: number;
}

interface Slot extends Uploaded {
  readonly format: TexelFormat;
  readonly rows: number;
  readonly bytes: number;
  /** Whose samples it holds; weak, so that pixels are not kept because they were drawn. */
  owner: WeakRef<object>;
  /** Number of the draw that used it last. */
  used: number;
}

/** Every WebGL2 takes textures of this width. */
const SMALLEST_SHIFT = 11;
const KEPT_TABLES = 24;

function formatOf(gl: WebGL2RenderingContext, name: TexelFormat): FormatOf {
  const { RED_INTEGER: one, RG_INTEGER: two, RGBA } = gl;
  switch (name) {
    case "u8":
      return { internal: gl.R8UI, format: one, type: gl.UNSIGNED_BYTE, bytes: 1 };
    case "u16":
      return { internal: gl.R16UI, format: one, type: gl.UNSIGNED_SHORT, bytes: 2 };
    case "u32":
      return { internal: gl.R32UI, format: one, type: gl.UNSIGNED_INT, bytes: 4 };
    case "u32x2":
      return { internal: gl.RG32UI, format: two, type: gl.UNSIGNED_INT, bytes: 8 };
    case "i32":
      return { internal: gl.R32I, format: one, type: gl.INT, bytes: 4 };
    case "rgba8":
      return { internal: gl.RGBA8, format: RGBA, type: gl.UNSIGNED_BYTE, bytes: 4 };
  }
}

/** A texture of fixed size, bound to a unit. */
function makeTexture(
  gl: WebGL2RenderingContext,
  unit: number,
  format: TexelFormat,
  [width, height]: readonly [number, number],
): WebGLTexture {
  const texture = gl.createTexture();
  gl.activeTexture(gl.TEXTURE0 + unit);
  gl.bindTexture(gl.TEXTURE_2D, texture);
  gl.texStorage2D(gl.TEXTURE_2D, 1, formatOf(gl, format).internal, width, height);
  for (const filter of [gl.TEXTURE_MIN_FILTER, gl.TEXTURE_MAG_FILTER])
    gl.texParameteri(gl.TEXTURE_2D, filter, gl.NEAREST);
  for (const wrap of [gl.TEXTURE_WRAP_S, gl.TEXTURE_WRAP_T])
    gl.texParameteri(gl.TEXTURE_2D, wrap, gl.CLAMP_TO_EDGE);
  return texture;
}

/** A rectangle of texels: where it begins, and its size. */
export type TexelRectangle = readonly [x: number, y: number, width: number, height: number];

/** A texture of fixed size that is written in parts. */
export class PlainTexture {
  readonly texture: WebGLTexture;
  readonly #gl: WebGL2RenderingContext;
  readonly #unit: number;
  readonly #format: TexelFormat;

  constructor(
    gl: WebGL2RenderingContext,
    unit: number,
    format: TexelFormat,
    readonly size: readonly [width: number, height: number],
  ) {
    this.#gl = gl;
    this.#unit = unit;
    this.#format = format;
    this.texture = makeTexture(gl, unit, format, size);
  }

  /** Binds it to its unit. */
  bind(): void {
    this.#gl.activeTexture(this.#gl.TEXTURE0 + this.#unit);
    this.#gl.bindTexture(this.#gl.TEXTURE_2D, this.texture);
  }

  /** Writes a rectangle, from `data[from]` on. */
  write([x, y, width, height]: TexelRectangle, data: ArrayBufferView, from = 0): void {
    const { format, type } = formatOf(this.#gl, this.#format);
    this.bind();
    this.#gl.texSubImage2D(this.#gl.TEXTURE_2D, 0, x, y, width, height, format, type, data, from);
  }

  dispose(): void {
    this.#gl.deleteTexture(this.texture);
  }
}

/**
 * Samples of planes. Holds those of the last draw and at most as many bytes again of earlier ones; a plane that is not
 * drawn any more gives its texture to a new one of the same size.
 */
export class SampleTextures {
  readonly #gl: WebGL2RenderingContext;
  readonly #widest: number;
  #slots: Slot[] = [];
  #byOwner = new WeakMap<object, Slot>();
  #draw = 0;
  /** Planes of this draw. */
  #drawing = 0;
  #uploads = 0;

  constructor(gl: WebGL2RenderingContext) {
    this.#gl = gl;
    this.#widest = gl.getParameter(gl.MAX_TEXTURE_SIZE) as number;
  }

  /** Bytes in textures, and how many planes were uploaded so far. */
  get usage(): { readonly bytes: number; readonly uploads: number } {
    return { bytes: this.#slots.reduce((sum, { bytes }) => sum + bytes, 0), uploads: this.#uploads };
  }

  /** Begins a draw of these owners: what they have is not given away. */
  begin(owners: readonly object[]): void {
    this.#draw++;
    this.#drawing = owners.length;
    for (const owner of owners) {
      const slot = this.#slotOf(owner);
      if (slot !== undefined) slot.used = this.#draw;
    }
  }

  /** Binds the samples of an owner, uploaded when they are not there yet. */
  bind(owner: object, samplesOf: () => Samples): Uploaded {
    const gl = this.#gl;
    const known = this.#slotOf(owner);
    if (known !== undefined) {
      known.used = this.#draw;
      gl.activeTexture(gl.TEXTURE0 + UNITS.samples);
      gl.bindTexture(gl.TEXTURE_2D, known.texture);
      return known;
    }
    const samples = samplesOf();
    const slot = this.#emptySlot(owner, samples);
    this.#byOwner.set(owner, slot);
    this.#fill(slot, samples);
    return slot;
  }

  /** Ends a draw: frees what is more than twice what it used. */
  end(): void {
    const drawn = this.#slots.filter(({ used }) => used === this.#draw);
    let room = drawn.reduce((sum, { bytes }) => sum + bytes, 0);
    const keep = new Set(drawn);
    const latest = this.#slots.filter((slot) => !keep.has(slot)).sort((a, b) => b.used - a.used);
    for (const slot of latest) {
      room -= slot.bytes;
      if (room >= 0) keep.add(slot);
      else this.#gl.deleteTexture(slot.texture);
    }
    this.#slots = this.#slots.filter((slot) => keep.has(slot));
  }

  dispose(): void {
    for (const { texture } of this.#slots) this.#gl.deleteTexture(texture);
    this.#slots = [];
    this.#byOwner = new WeakMap();
  }

  #slotOf(owner: object): Slot | undefined {
    const slot = this.#byOwner.get(owner);
    return slot?.owner.deref() === owner && this.#slots.includes(slot) ? slot : undefined;
  }

  #emptySlot(owner: object, { format, data }: Samples): Slot {
    const count = format === "u32x2" ? data.length / 2 : data.length;
    let shift = SMALLEST_SHIFT;
    while (count > this.#widest << shift && 2 << shift <= this.#widest) shift++;
    const rows = Math.max(1, Math.ceil(count / (1 << shift)));
    const spare = this.#spare({ format, shift, rows });
    if (spare !== undefined) {
      spare.owner = new WeakRef(owner);
      spare.used = this.#draw;
      return spare;
    }
    const size = [1 << shift, rows] as const;
    const texture = makeTexture(this.#gl, UNITS.samples, format, size);
    const bytes = rows * (1 << shift) * formatOf(this.#gl, format).bytes;
    const slot = { texture, shift, format, rows, bytes, owner: new WeakRef(owner), used: this.#draw };
    this.#slots.push(slot);
    return slot;
  }

  /** Of the textures of that size the one not used for longest, unless the draw before would lose what it drew. */
  #spare({ format, shift, rows }: Pick<Slot, "format" | "shift" | "rows">): Slot | undefined {
    const free = this.#slots.filter(
      (slot) =>
        slot.used < this.#draw && slot.format === format && slot.shift === shift && slot.rows === rows,
    );
    return free.length > this.#drawing ? free.sort((a, b) => a.used - b.used)[0] : undefined;
  }

  #fill({ texture, shift, format }: Slot, { data }: Samples): void {
    const gl = this.#gl;
    const { format: texels, type } = formatOf(gl, format);
    const words = format === "u32x2" ? 2 : 1;
    const count = data.length / words;
    const rows = count >> shift;
    const rest = count - (rows << shift);
    this.#uploads++;
    gl.activeTexture(gl.TEXTURE0 + UNITS.samples);
    gl.bindTexture(gl.TEXTURE_2D, texture);
    if (rows > 0) gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, 0, 1 << shift, rows, texels, type, data, 0);
    if (rest > 0)
      gl.texSubImage2D(gl.TEXTURE_2D, 0, 0, rows, rest, 1, texels, type, data, words * (count - rest));
  }
}

/** Small tables by a name or by the memory they are made of; the latest ones are kept. */
export class TableTextures {
  readonly #gl: WebGL2RenderingContext;
  readonly #tables = new Map<unknown, PlainTexture>();

  constructor(gl: WebGL2RenderingContext) {
    this.#gl = gl;
  }

  /** Binds the texture of a key; `make` makes it the first time. */
  bind(key: unknown, make: (gl: WebGL2RenderingContext) => PlainTexture): void {
    const texture = this.#tables.get(key) ?? make(this.#gl);
    this.#tables.delete(key);
    this.#tables.set(key, texture);
    texture.bind();
    for (const [oldest, table] of this.#tables) {
      if (this.#tables.size <= KEPT_TABLES) break;
      table.dispose();
      this.#tables.delete(oldest);
    }
  }

  dispose(): void {
    for (const table of this.#tables.values()) table.dispose();
    this.#tables.clear();
  }
}
