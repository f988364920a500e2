/**
 * The picture area: its size, the pointer in it, and the renderer that fills it.
 * @module
 */
import { CanvasRenderer } from "./canvasRenderer";
import { element } from "./dom";
import type { Point, Size } from "./geometry";
import type { Frame, Renderer } from "./renderer";

/** What the user does with the pointer in the picture area; places in CSS px from its corner. */
export interface StageEvents {
  resized(): void;
  dragged(by: Point): void;
  /** `factor` > 1 zooms in. */
  wheeled(factor: number, at: Point): void;
  /** The wheel with Shift or Alt: one slice on or back. */
  sliceWheeled(by: number): void;
  hovered(at: Point | null): void;
}

/** The canvas and everything around it. */
export class Stage {
  readonly element = element("main", { id: "stage" });
  readonly canvas: HTMLCanvasElement;
  readonly #renderer: Renderer;
  readonly #events: StageEvents;
  readonly #observer: ResizeObserver;

  constructor(events: StageEvents) {
    this.#events = events;
    this.canvas = element("canvas", { id: "picture", tabindex: "0", role: "img" }) as HTMLCanvasElement;
    this.#renderer = new CanvasRenderer(this.canvas);
    this.canvas.dataset.renderer = this.#renderer.kind;
    this.element.append(this.canvas);
    this.#observer = new ResizeObserver(() => {
      this.#fitCanvas();
      events.resized();
    });
    this.#observer.observe(this.element);
    this.#listen();
  }

  /** Size of the picture area, CSS px. */
  get size(): Size {
    return { width: Math.max(1, this.element.clientWidth), height: Math.max(1, this.element.clientHeight) };
  }

  draw(frame: Frame): void {
    this.#renderer.draw(frame);
    const { plane, region, step } = frame.pixels;
    Object.assign(this.canvas.dataset, {
      plane: [plane.t, plane.z, plane.c].join(","),
      region: [...region.y, ...region.x].join(","),
      step: String(step),
      low: String(frame.limits.low),
      high: String(frame.limits.high),
    });
  }

  clear(): void {
    this.#renderer.clear();
    delete this.canvas.dataset.plane;
  }

  #fitCanvas(): void {
    const { width, height } = this.size;
    this.canvas.width = Math.round(width * devicePixelRatio);
    this.canvas.height = Math.round(height * devicePixelRatio);
  }

  #listen(): void {
    const { canvas } = this;
    const place = (event: MouseEvent): Point => {
      const box = canvas.getBoundingClientRect();
      return { x: event.clientX - box.left, y: event.clientY - box.top };
    };
    let last: Point | null = null;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 && event.button !== 1) return;
      last = { x: event.clientX, y: event.clientY };
      canvas.setPointerCapture(event.pointerId);
      canvas.classList.add("dragging");
    });
    canvas.addEventListener("pointermove", (event) => {
      if (last !== null) {
        this.#events.dragged({ x: event.clientX - last.x, y: event.clientY - last.y });
        last = { x: event.clientX, y: event.clientY };
      }
      this.#events.hovered(place(event));
    });
    const release = (): void => {
      last = null;
      canvas.classList.remove("dragging");
    };
    canvas.addEventListener("pointerup", release);
    canvas.addEventListener("pointercancel", release);
    canvas.addEventListener("pointerleave", () => {
      this.#events.hovered(null);
    });
    canvas.addEventListener("wheel", (event) => this.#wheel(event, place(event)), { passive: false });
  }

  #wheel(event: WheelEvent, at: Point): void {
    event.preventDefault();
    const amount = event.deltaY === 0 ? event.deltaX : event.deltaY;
    if (amount === 0) return;
    if (event.shiftKey || event.altKey) this.#events.sliceWheeled(Math.sign(amount));
    else this.#events.wheeled(Math.exp(-Math.sign(amount) * Math.min(Math.abs(amount), 100) * 0.0025), at);
  }
}
