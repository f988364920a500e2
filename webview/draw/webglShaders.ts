/**
 * Programs of the WebGL renderer. All arithmetic on pixels is on integers: a fragment finds its sample by two look-ups
 * and its colour by table or by comparing bits with 255 bounds, so that every graphics card gives the same picture.
 * @module
 */

/**
 * How bits of a sample become a colour.
 * - `table`: 8 and 16 bits, by a table of all values.
 * - `uint`, `int`, `float`, `double`: level by bounds, then by LUT. Bits are put in an order in which they can be compared.
 * - `labels`: 32-bit labels, by hash.
 * - `colors`: the sample is a colour.
 */
export type Painter = "table" | "uint" | "int" | "float" | "double" | "labels" | "colors";

/** Texture units, by the names of the samplers. */
export const UNITS = { places: 0, samples: 1, table: 2, keys: 3, below: 4, mixes: 5 } as const;

const VERTEX = `#version 300 es
void main() {
  gl_Position = vec4(gl_VertexID == 1 ? 3 : -1, gl_VertexID == 2 ? 3 : -1, 0, 1);
}`;

const HEAD = `precision highp float;
precision highp int;
precision highp sampler2D;
precision highp usampler2D;
precision highp isampler2D;
uniform isampler2D places;
uniform usampler2D samples;
uniform sampler2D table;
uniform usampler2D keys;
uniform sampler2D below;
uniform usampler2D mixes;
uniform int canvasHeight;
uniform int planeWidth;
uniform int shift;
uniform int keyCount;
uniform uint picked;
uniform bool anyPicked;
uniform bool pickable;
uniform float alone;
out vec4 color;
`;

/** Whether the texel at \`at\` of the keys is ≤ \`key\`; doubles have two words, the high one first. */
const SEARCH = `
#ifdef DOUBLE
#define KEY uvec2
bool reaches(uvec2 key, int at) {
  uvec2 bound = texelFetch(keys, ivec2(at, 0), 0).rg;
  return bound.r < key.r || (bound.r == key.r && bound.g <= key.g);
}
uvec2 keyOf(uvec4 found) {
  return (found.g >> 31u) == 1u ? ~found.gr : uvec2(found.g | 0x80000000u, found.r);
}
bool isNotANumber(uvec4 found) {
  uint high = found.g & 0x7fffffffu;
  return high > 0x7ff00000u || (high == 0x7ff00000u && found.r != 0u);
}
#else
#define KEY uint
bool reaches(uint key, int at) { return texelFetch(keys, ivec2(at, 0), 0).r <= key; }
uint keyOf(uvec4 found) {
#if defined(FLOAT)
  return (found.r >> 31u) == 1u ? ~found.r : found.r | 0x80000000u;
#elif defined(INT)
  return found.r ^ 0x80000000u;
#else
  return found.r;
#endif
}
bool isNotANumber(uvec4 found) {
#ifdef FLOAT
  return (found.r & 0x7fffffffu) > 0x7f800000u;
#else
  return false;
#endif
}
#endif
vec4 paint(uvec4 found) {
  if (isNotANumber(found)) discard;
  KEY key = keyOf(found);
  int rank = 0;
  for (int by = 128; by > 0; by >>= 1) {
    int next = rank + by;
    if (next <= keyCount && reaches(key, next - 1)) rank = next;
  }
  return texelFetch(table, ivec2(rank, 0), 0);
}`;

const LABELS = `
bool isHidden(uint label) {
  int first = 0;
  int last = keyCount;
  while (first < last) {
    int middle = (first + last) / 2;
    uint key = texelFetch(keys, ivec2(middle & 1023, middle >> 10), 0).r;
    if (key == label) return true;
    if (key < label) first = middle + 1; else last = middle;
  }
  return false;
}
vec4 paint(uvec4 found) {
  uint label = found.r;
  if (label == 0u || isHidden(label)) discard;
  int dim = anyPicked && !(pickable && picked == label) ? 1 : 0;
  return texelFetch(table, ivec2(int((label * FACTOR) >> 24u), dim), 0);
}`;

const TABLE = `
vec4 paint(uvec4 found) {
  vec4 painted = texelFetch(table, ivec2(int(found.r & 255u), int(found.r >> 8u)), 0);
  if (painted.a == 0.0) discard;
  return painted;
}`;

const COLORS = `
vec4 paint(uvec4 found) {
  uint word = found.r;
  if (word == 0u) discard;
  return vec4(uvec4(word, word >> 8u, word >> 16u, word >> 24u) & 255u) / 255.0;
}`;

const MAIN = `
void main() {
  ivec2 pixel = ivec2(gl_FragCoord.xy);
  int column = texelFetch(places, ivec2(pixel.x, 0), 0).r;
  int row = texelFetch(places, ivec2(canvasHeight - 1 - pixel.y, 1), 0).r;
  if (column < 0 || row < 0) discard;
  int at = row * planeWidth + column;
  vec4 painted = paint(texelFetch(samples, ivec2(at & ((1 << shift) - 1), at >> shift), 0));
#ifdef MIXED
  vec4 under = texelFetch(below, pixel, 0);
  if (under.a == 0.0) color = vec4(painted.rgb, alone);
  else {
    ivec3 to = ivec3(painted.rgb * 255.0 + 0.5);
    ivec3 from = ivec3(under.rgb * 255.0 + 0.5);
    uvec3 mixed = uvec3(
      texelFetch(mixes, ivec2(to.r, from.r), 0).r,
      texelFetch(mixes, ivec2(to.g, from.g), 0).r,
      texelFetch(mixes, ivec2(to.b, from.b), 0).r);
    color = vec4(vec3(mixed) / 255.0, 1.0);
  }
#else
  color = painted;
#endif
}`;

const PAINTERS: Readonly<Record<Painter, string>> = {
  table: TABLE,
  uint: SEARCH,
  int: SEARCH,
  float: SEARCH,
  double: SEARCH,
  labels: LABELS,
  colors: COLORS,
};

/** What a program is made for. */
export interface ProgramKind {
  readonly painter: Painter;
  /** Whether what lies below shows through. */
  readonly mixed: boolean;
  /** Factor of the hash of labels. */
  readonly labelFactor: number;
}

/** A program and where its uniforms are. */
export class DrawProgram {
  readonly program: WebGLProgram;
  readonly #gl: WebGL2RenderingContext;
  readonly #places = new Map<string, WebGLUniformLocation | null>();

  /** @throws {Error} with the compiler's words when the graphics driver refuses the program */
  constructor(gl: WebGL2RenderingContext, { painter, mixed, labelFactor }: ProgramKind) {
    this.#gl = gl;
    const defines = [`#define ${painter.toUpperCase()}`, `#define FACTOR ${labelFactor >>> 0}u`];
    if (mixed) defines.push("#define MIXED");
    const fragment = ["#version 300 es", ...defines, HEAD, PAINTERS[painter], MAIN].join("\n");
    this.program = link(gl, VERTEX, fragment);
    gl.useProgram(this.program);
    for (const [name, unit] of Object.entries(UNITS)) this.set(name, unit);
  }

  /** Sets a whole-number or boolean uniform of the program in use; one that the program does not have is passed over. */
  set(name: string, value: number | boolean): void {
    this.#gl.uniform1i(this.#at(name), Number(value));
  }

  setUnsigned(name: string, value: number): void {
    this.#gl.uniform1ui(this.#at(name), value);
  }

  setFraction(name: string, value: number): void {
    this.#gl.uniform1f(this.#at(name), value);
  }

  dispose(): void {
    this.#gl.deleteProgram(this.program);
  }

  #at(name: string): WebGLUniformLocation | null {
    const known = this.#places.get(name);
    if (known !== undefined) return known;
    const place = this.#gl.getUniformLocation(this.program, name);
    this.#places.set(name, place);
    return place;
  }
}

function link(gl: WebGL2RenderingContext, vertex: string, fragment: string): WebGLProgram {
  const program = gl.createProgram();
  const shaders = [compile(gl, gl.VERTEX_SHADER, vertex), compile(gl, gl.FRAGMENT_SHADER, fragment)];
  for (const shader of shaders) gl.attachShader(program, shader);
  gl.linkProgram(program);
  const linked = gl.getProgramParameter(program, gl.LINK_STATUS) as boolean;
  const logs = [...shaders.map((shader) => gl.getShaderInfoLog(shader)), gl.getProgramInfoLog(program)];
  for (const shader of shaders) gl.deleteShader(shader);
  if (!linked && !gl.isContextLost())
    throw new Error(`The graphics driver refuses a program: ${logs.join(" ").trim()}`);
  return program;
}

function compile(gl: WebGL2RenderingContext, type: GLenum, source: string): WebGLShader {
  const shader = gl.createShader(type);
  if (shader === null) throw new Error("The graphics driver makes no shader.");
  gl.shaderSource(shader, source);
  gl.compileShader(shader);
  return shader;
}
