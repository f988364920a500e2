/**
 * Draws pictures with WebGL2: the same colours as the 2-D canvas, to the last bit.
 * @module
 */
import { ColorTables } from "./colorTables";
import type { Placement } from "./geometry";
import { LABEL_COLORS, LABEL_FACTOR, dimmed } from "./labels";
import { boundsOf, lutByRank, numberOf } from "./levels";
import type { Lut } from "./luts";
import { alphaAlone, mixesOf } from "./mixing";
import type { DrawnLayer, Frame, LabelLayer, Renderer } from "./renderer";
import { placesOf } from "./sampling";
import { DrawProgram, UNITS } from "./webglShaders";
import type { Painter } from "./webglShaders";
import { Sources, boundKeys, hiddenKeys, holds } from "./webglSources";
import type { Source } from "./webglSources";
import { PlainTexture, SampleTextures, TableTextures } from "./webglTextures";

/** A layer, what is drawn of it, and where. */
interface Drawing {
  readonly layer: DrawnLayer;
  readonly source: Source;
  readonly placement: Placement;
  readonly columns: readonly [first: number, last: number];
  /** Whether nothing lies below it. */
  readonly lowest: boolean;
}

/** Everything that is lost with the context. */
class Equipment {
  readonly samples: SampleTextures;
  readonly tables: TableTextures;
  readonly #gl: WebGL2RenderingContext;
  readonly #programs = new Map<string, DrawProgram>();
  #places: PlainTexture | null = null;
  #below: PlainTexture | null = null;

  constructor(gl: WebGL2RenderingContext) {
    this.#gl = gl;
    this.samples = new SampleTextures(gl);
    this.tables = new TableTextures(gl);
    gl.disable(gl.DITHER);
    gl.enable(gl.SCISSOR_TEST);
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.blendFunc(gl.ONE, gl.ONE);
  }

  program(painter: Painter, mixed: boolean): DrawProgram {
    const key = `${painter} ${mixed}`;
    const program =
      this.#programs.get(key) ?? new DrawProgram(this.#gl, { painter, mixed, labelFactor: LABEL_FACTOR });
    this.#programs.set(key, program);
    this.#gl.useProgram(program.program);
    return program;
  }

  /** The texture that says which sample lies under which canvas pixel. */
  places(length: number): PlainTexture {
    if (this.#places?.size[0] !== length) {
      this.#places?.dispose();
      this.#places = new PlainTexture(this.#gl, UNITS.places, "i32", [length, 2]);
    }
    return this.#places;
  }

  /** The texture for what lies below a translucent layer. */
  below(width: number, height: number): PlainTexture {
    if (this.#below?.size[0] !== width || this.#below.size[1] !== height) {
      this.#below?.dispose();
      this.#below = new PlainTexture(this.#gl, UNITS.below, "rgba8", [width, height]);
    }
    return this.#below;
  }

  dispose(): void {
    this.samples.dispose();
    this.tables.dispose();
    this.#places?.dispose();
    this.#below?.dispose();
    for (const program of this.#programs.values()) program.dispose();
  }
}

/**
 * The renderer for graphics cards. Planes are uploaded when their `PlanePixels` object was not drawn last, as the bits
 * that they are; what layers hold is taken not to change. Draws again by itself after the context was lost and restored.
 */
export class WebglRenderer implements Renderer {
  readonly kind = "webgl2";
  readonly #canvas: HTMLCanvasElement;
  readonly #gl: WebGL2RenderingContext;
  readonly #tables = new ColorTables();
  readonly #sources = new Sources();
  #equipment: Equipment | null;
  #frames: readonly Frame[] = [];
  #placed = "";

  /** @throws {Error} when the browser gives no WebGL2 */
  constructor(canvas: HTMLCanvasElement) {
    // Kept after drawing, and not premultiplied, so that a copy of the canvas holds what a 2-D canvas would hold.
    const options: WebGLContextAttributes = {
      antialias: false,
      depth: false,
      premultipliedAlpha: false,
      preserveDrawingBuffer: true,
    };
    const gl = canvas.getContext("webgl2", options);
    if (gl === null) throw new Error("The browser offers no WebGL2.");
    this.#canvas = canvas;
    this.#gl = gl;
    this.#equipment = new Equipment(gl);
    canvas.addEventListener("webglcontextlost", this.#lost);
    canvas.addEventListener("webglcontextrestored", this.#restored);
  }

  /** Bytes of planes on the graphics card, and how many were uploaded since the start or the last restored context. */
  get usage(): { readonly bytes: number; readonly uploads: number } {
    return this.#equipment?.samples.usage ?? { bytes: 0, uploads: 0 };
  }

  draw(frames: readonly Frame[]): void {
    this.#frames = frames;
    const { width, height } = this.#canvas;
    const equipment = this.#equipment;
    if (equipment === null || width === 0 || height === 0) return;
    this.#erase();
    this.#placed = "";
    const drawings = frames.flatMap((frame) => this.#drawingsOf(frame));
    equipment.samples.begin(drawings.map(({ source }) => source.owner));
    for (const drawing of drawings) this.#drawLayer(drawing, equipment);
    equipment.samples.end();
    this.#sources.end();
  }

  clear(): void {
    this.#frames = [];
    if (this.#equipment !== null) this.#erase();
  }

  dispose(): void {
    this.#canvas.removeEventListener("webglcontextlost", this.#lost);
    this.#canvas.removeEventListener("webglcontextrestored", this.#restored);
    this.#equipment?.dispose();
    this.#equipment = null;
    // A page has few contexts, and takes back those that nobody holds late.
    this.#gl.getExtension("WEBGL_lose_context")?.loseContext();
    this.#frames = [];
    this.#tables.clear();
    this.#sources.end();
  }

  readonly #lost = (event: Event): void => {
    event.preventDefault(); // else it is never restored
    this.#equipment = null;
  };

  readonly #restored = (): void => {
    this.#equipment = new Equipment(this.#gl);
    this.draw(this.#frames);
  };

  #erase(): void {
    const gl = this.#gl;
    const { width, height } = this.#canvas;
    gl.viewport(0, 0, width, height);
    gl.scissor(0, 0, width, height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
  }

  #drawingsOf({ layers, placement, columns = [0, this.#canvas.width] }: Frame): Drawing[] {
    if (columns[1] <= columns[0]) return [];
    return layers.map((layer, index) => {
      return { layer, source: this.#sources.of(layer), placement, columns, lowest: index === 0 };
    });
  }

  #drawLayer(drawing: Drawing, equipment: Equipment): void {
    const gl = this.#gl;
    const { layer, source, lowest, columns } = drawing;
    const { width, height } = this.#canvas;
    const adds = layer.kind === "intensity" && layer.blend === "add";
    const mixed = !adds && layer.opacity !== 1;
    const program = equipment.program(source.painter, mixed);
    gl.scissor(columns[0], 0, columns[1] - columns[0], height);
    this.#place(drawing, equipment);
    const { shift } = equipment.samples.bind(source.owner, source.samples);
    program.set("shift", shift);
    program.set("planeWidth", layer.pixels.width);
    program.set("canvasHeight", height);
    this.#bindColors(drawing, { program, equipment });
    if (mixed) {
      equipment.below(width, height).bind();
      gl.copyTexSubImage2D(gl.TEXTURE_2D, 0, columns[0], 0, columns[0], 0, columns[1] - columns[0], height);
      program.setFraction("alone", alphaAlone(layer.opacity) / 255);
      const mixes = mixesOf(layer.opacity);
      equipment.tables.bind(mixes, tableOf(UNITS.mixes, "u8", { width: 256, data: mixes }));
    }
    if (adds && !lowest) gl.enable(gl.BLEND);
    else gl.disable(gl.BLEND);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  /** Says which sample lies under which canvas pixel; computed here in double precision. */
  #place({ layer: { pixels }, placement, columns }: Drawing, equipment: Equipment): void {
    const { width, height, clientWidth } = this.#canvas;
    const texture = equipment.places(Math.max(width, height));
    texture.bind();
    const { centerX, centerY, zoomX, zoomY } = placement;
    const { x, y } = pixels.region;
    const key = [
      clientWidth,
      centerX,
      centerY,
      zoomX,
      zoomY,
      x,
      y,
      pixels.step.x,
      pixels.step.y,
      columns,
    ].join();
    if (key === this.#placed) return;
    const places = placesOf(this.#canvas, columns, { placement, pixels });
    texture.write([columns[0], 0, places.columns.length, 1], places.columns);
    texture.write([0, 1, height, 1], places.rows);
    this.#placed = key;
  }

  #bindColors({ layer, source: { painter } }: Drawing, { program, equipment }: Using): void {
    if (painter === "colors") return;
    if (painter === "labels") {
      bindLabels(layer as LabelLayer, { program, equipment });
      return;
    }
    if (painter === "table") {
      const table = this.#tables.ofSmall(layer as Exclude<DrawnLayer, { kind: "difference" }>);
      equipment.tables.bind(table, tableOf(UNITS.table, "rgba8", { width: 256, data: table }));
      return;
    }
    const { scale } = layer as Exclude<DrawnLayer, LabelLayer>;
    bindLevels(painter, this.#tables.lutOf(layer as Exclude<DrawnLayer, LabelLayer>), {
      bounds: boundsOf(scale),
      program,
      equipment,
    });
  }
}

/** What draws a layer. */
interface Using {
  readonly program: DrawProgram;
  readonly equipment: Equipment;
}

interface Table {
  /** Texels per row. */
  readonly width: number;
  readonly data: Uint8Array | Uint32Array;
}

/** Makes the texture of a table; colours are four bytes of a word. */
function tableOf(
  unit: number,
  format: "u8" | "u32" | "u32x2" | "rgba8",
  { width, data }: Table,
): (gl: WebGL2RenderingContext) => PlainTexture {
  return (gl) => {
    const texels = format === "u32x2" ? data.length / 2 : data.length;
    const size = [width, Math.max(1, texels / width)] as const;
    const texture = new PlainTexture(gl, unit, format, size);
    const bytes = new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
    texture.write([0, 0, ...size], format === "rgba8" ? bytes : data);
    return texture;
  };
}

function bindLevels(
  painter: "uint" | "int" | "float" | "double",
  lut: Lut,
  { bounds, program, equipment }: Using & { readonly bounds: ReturnType<typeof boundsOf> },
): void {
  const byRank = (): Table => ({ width: 256, data: lutByRank(lut, bounds.falling) });
  equipment.tables.bind(`lut ${numberOf(lut)} ${bounds.falling}`, (gl) =>
    tableOf(UNITS.table, "rgba8", byRank())(gl),
  );
  const keys = boundKeys(painter, bounds);
  const words = painter === "double" ? 2 : 1;
  program.set("keyCount", keys.length / words);
  equipment.tables.bind(`bounds ${painter} ${numberOf(bounds)}`, (gl) => {
    const padded = new Uint32Array(256 * words);
    padded.set(keys);
    return tableOf(UNITS.keys, words === 2 ? "u32x2" : "u32", { width: 256, data: padded })(gl);
  });
}

function bindLabels(layer: LabelLayer, { program, equipment }: Using): void {
  equipment.tables.bind("labels", (gl) => {
    const data = new Uint32Array(512);
    data.set(LABEL_COLORS);
    data.set(LABEL_COLORS.map(dimmed), 256);
    return tableOf(UNITS.table, "rgba8", { width: 256, data })(gl);
  });
  const { hidden, picked, pixels } = layer;
  const { keys, count } = hiddenKeys(layer);
  const type = pixels.data.constructor.name;
  equipment.tables.bind(
    `hidden ${type} ${numberOf(hidden)} ${hidden.size}`,
    tableOf(UNITS.keys, "u32", { width: 1024, data: keys }),
  );
  program.set("keyCount", count);
  program.set("anyPicked", picked !== null);
  program.set("pickable", picked !== null && holds(pixels.data, picked));
  program.setUnsigned("picked", (picked ?? 0) >>> 0);
}
