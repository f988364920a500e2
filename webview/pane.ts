/**
 * One picture area: a canvas for the picture, one above it for what is drawn over it, and the pointer in them.
 * @module
 */
import { chooseRenderer } from "./draw/chooseRenderer";
import { element } from "./dom";
import type { Point, Size } from "./draw/geometry";
import type { Frame, Renderer } from "./draw/renderer";
import type { PaneName } from "./scene";

/** What the user does with the pointer in a pane; places in CSS px from its corner. */
export interface PaneEvents {
  resized(): void;
  /** A drag began; whoever hears it tells what becomes of it. */
  pressed(at: Point, event: PointerEvent): DragEvents;
  /** `factor` > 1 zooms in. */
  wheeled(factor: number, at: Point): void;
  /** The wheel with Shift or Alt: one slice on or back. */
  sliceWheeled(by: number): void;
  hovered(at: Point | null): void;
  doubleClicked(): void;

  /** What the pointer would take hold of, for its shape; null for the picture itself. */
  gripAt(at: Point): string | null;
}

/** A drag under way. */
export interface DragEvents {
  moved(at: Point, by: Point): void;
  /** `isClick`: the pointer hardly moved. */
  released(at: Point, isClick: boolean): void;
}

const CLICK_PX = 3;

/** The canvases of one view of the stack. */
export class Pane {
  readonly name: PaneName;
  readonly element: HTMLElement;
  readonly canvas: HTMLCanvasElement;
  readonly #overlay: HTMLCanvasElement;
  readonly #renderer: Renderer;
  readonly #events: PaneEvents;
  readonly #observer: ResizeObserver;

  constructor(name: PaneName, events: PaneEvents) {
    this.name = name;
    this.#events = events;
    const id = name === "xy" ? "picture" : `picture-${name}`;
    this.canvas = element("canvas", {
      id,
      class: "picture",
      tabindex: "0",
      role: "img",
    }) as HTMLCanvasElement;
    this.#overlay = element("canvas", { class: "overlay", "aria-hidden": "true" }) as HTMLCanvasElement;
    this.element = element("div", { class: "pane", id: `pane-${name}` }, this.canvas, this.#overlay);
    this.#renderer = chooseRenderer(this.canvas);
    this.canvas.dataset.renderer = this.#renderer.kind;
    this.#observer = new ResizeObserver(() => this.#fit());
    this.#observer.observe(this.element);
    window.addEventListener("resize", this.#resized);
    this.#listen();
  }

  /** Size of the picture area, CSS px. */
  get size(): Size {
    return { width: Math.max(1, this.element.clientWidth), height: Math.max(1, this.element.clientHeight) };
  }

  /** Draws pictures; the data attributes tell tests what they are of. */
  draw(frames: readonly Frame[], facts: Readonly<Record<string, string>>): void {
    this.#renderer.draw(frames);
    Object.assign(this.canvas.dataset, facts);
  }

  /** Draws what lies over the picture, in CSS px. */
  drawOver(paint: (context: CanvasRenderingContext2D) => void): void {
    const context = this.#overlay.getContext("2d");
    if (context === null) return;
    const ratio = this.#overlay.width / this.size.width;
    context.setTransform(1, 0, 0, 1, 0, 0);
    context.clearRect(0, 0, this.#overlay.width, this.#overlay.height);
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    paint(context);
  }

  /** Draws the picture with what lies over it at a place of another canvas, px of the screen. */
  copyInto(context: CanvasRenderingContext2D, { x, y }: Point): void {
    context.drawImage(this.canvas, x, y);
    context.drawImage(this.#overlay, x, y);
  }

  clear(): void {
    this.#renderer.clear();
    delete this.canvas.dataset.plane;
  }

  dispose(): void {
    this.#observer.disconnect();
    window.removeEventListener("resize", this.#resized);
    this.#renderer.dispose();
  }

  /** A window that moves to a screen of another resolution leaves its elements as large as they were. */
  readonly #resized = (): void => {
    if (this.canvas.width !== Math.round(this.size.width * devicePixelRatio)) this.#fit();
  };

  #fit(): void {
    this.#fitCanvases();
    this.#events.resized();
  }

  #fitCanvases(): void {
    const { width, height } = this.size;
    for (const canvas of [this.canvas, this.#overlay]) {
      // Of whole CSS px, which a pane of a grid need not be: places are computed with them.
      canvas.style.width = `${width}px`;
      canvas.style.height = `${height}px`;
      canvas.width = Math.round(width * devicePixelRatio);
      canvas.height = Math.round(height * devicePixelRatio);
    }
  }

  #listen(): void {
    const { canvas } = this;
    const place = (event: MouseEvent): Point => {
      const box = canvas.getBoundingClientRect();
      return { x: event.clientX - box.left, y: event.clientY - box.top };
    };
    let drag: { readonly events: DragEvents; readonly start: Point; last: Point } | null = null;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button !== 0 && event.button !== 1) return;
      const at = place(event);
      drag = { events: this.#events.pressed(at, event), start: at, last: at };
      canvas.setPointerCapture(event.pointerId);
      canvas.classList.add("dragging");
    });
    canvas.addEventListener("pointermove", (event) => {
      const at = place(event);
      if (drag !== null) {
        drag.events.moved(at, { x: at.x - drag.last.x, y: at.y - drag.last.y });
        drag.last = at;
      } else canvas.dataset.grip = this.#events.gripAt(at) ?? "";
      this.#events.hovered(at);
    });
    const release = (event: PointerEvent): void => {
      if (drag !== null) {
        const at = place(event);
        const isClick = Math.hypot(at.x - drag.start.x, at.y - drag.start.y) < CLICK_PX;
        drag.events.released(at, isClick);
      }
      drag = null;
      canvas.classList.remove("dragging");
    };
    canvas.addEventListener("pointerup", release);
    canvas.addEventListener("pointercancel", release);
    canvas.addEventListener("dblclick", () => this.#events.doubleClicked());
    canvas.addEventListener("pointerleave", () => this.#events.hovered(null));
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
