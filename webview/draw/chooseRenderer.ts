/**
 * Chooses what draws: a graphics card where there is one, else the processor.
 * @module
 */
import { CanvasRenderer } from "./canvasRenderer";
import type { Renderer } from "./renderer";
import { WebglRenderer } from "./webglRenderer";

/** What may be asked for: `auto` chooses. */
export type RendererChoice = "auto" | "canvas2d" | "webgl2";

/** Names of drivers that compute on the processor, where a 2-D canvas is several times as fast. */
const SOFTWARE = /swiftshader|llvmpipe|softpipe|software|microsoft basic render/i;

/** Whether a graphics driver's name is that of one that computes on the processor. */
function isSoftwareDriver(name: string): boolean {
  return SOFTWARE.test(name);
}

/**
 * A renderer for a canvas that has given no context yet.
 * @throws {Error} when the browser does not offer what was asked for; with `auto` when it offers nothing
 */
export function chooseRenderer(canvas: HTMLCanvasElement, choice: RendererChoice = "auto"): Renderer {
  if (choice === "webgl2") return new WebglRenderer(canvas);
  return choice === "auto" && hasGraphicsCard() ? new WebglRenderer(canvas) : new CanvasRenderer(canvas);
}

/** Asks a canvas that is thrown away: one that has given a context cannot give one of another kind. */
function hasGraphicsCard(): boolean {
  const gl = document.createElement("canvas").getContext("webgl2");
  if (gl === null) return false;
  const extension = gl.getExtension("WEBGL_debug_renderer_info");
  const name = gl.getParameter(extension?.UNMASKED_RENDERER_WEBGL ?? gl.RENDERER) as unknown;
  gl.getExtension("WEBGL_lose_context")?.loseContext();
  return typeof name === "string" && !isSoftwareDriver(name);
}
