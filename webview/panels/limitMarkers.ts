/**
 * The two limits as markers over a histogram: sliders for pointer and keyboard.
 * @module
 */
import { element } from "../dom";
import type { Limits } from "../draw/renderer";
import { newDragKind } from "../history";
import { formatValue } from "../texts";
import { finestStep, keyStep, moveLimit, shareOf, valueAt } from "./contrastScale";
import type { LimitEnd, ValueAxis } from "./contrastScale";

/** What the markers stand for. */
export interface MarkerContent {
  readonly axis: ValueAxis;
  readonly limits: Limits;
  /** Whether values are integers. */
  readonly isWhole: boolean;
}

const ENDS: readonly LimitEnd[] = ["low", "high"];
const LABELS: Readonly<Record<LimitEnd, string>> = { low: "Value shown black", high: "Value shown white" };
const PAGE = 10;

interface Drag {
  readonly end: LimitEnd;
  readonly kind: string;
  /** From the pointer to the marker, in parts of the axis. */
  readonly grip: number;
}

/** The markers, as high as the plot below them. */
export class LimitMarkers {
  readonly element = element("div", { class: "limit-markers" });
  readonly #moved: (kind: string, limits: Limits) => void;
  readonly #markers: Readonly<Record<LimitEnd, HTMLElement>>;
  #shown: MarkerContent | null = null;
  #drag: Drag | null = null;

  /** @param moved hears the new limits, and of what kind the change is: a drag is one step for undo */
  constructor(moved: (kind: string, limits: Limits) => void) {
    this.#moved = moved;
    this.#markers = { low: this.#makeMarker("low"), high: this.#makeMarker("high") };
    this.element.append(this.#markers.low, this.#markers.high);
    this.#listen();
  }

  /** The axis must stay as it is while a marker is dragged over it. */
  get isDragging(): boolean {
    return this.#drag !== null;
  }

  /** Shows where the limits are; null hides the markers. */
  show(content: MarkerContent | null): void {
    this.#shown = content;
    this.element.hidden = content === null;
    if (content !== null) for (const end of ENDS) placeMarker(this.#markers[end], end, content);
  }

  #makeMarker(end: LimitEnd): HTMLElement {
    const marker = element("div", {
      id: `channels-${end}-marker`,
      class: `limit-marker ${end}`,
      role: "slider",
      tabindex: "0",
      "aria-label": LABELS[end],
    });
    marker.addEventListener("keydown", (event) => {
      const value = this.#shown === null ? null : valueOfKey(event, end, this.#shown);
      if (value === null) return;
      event.preventDefault();
      this.#move(`limit ${end}`, end, value);
    });
    return marker;
  }

  #listen(): void {
    this.element.addEventListener("pointerdown", (event) => this.#press(event));
    this.element.addEventListener("pointermove", (event) => {
      if (this.#drag === null || this.#shown === null) return;
      const { kind, end, grip } = this.#drag;
      this.#move(kind, end, valueAt(this.#placeOf(event) + grip, this.#shown.axis));
    });
    const release = (): void => {
      this.#drag = null;
    };
    this.element.addEventListener("lostpointercapture", release);
  }

  /** On a marker: takes it. Beside them: the nearer one comes. */
  #press(event: PointerEvent): void {
    if (this.#shown === null || event.button !== 0) return;
    const { axis, limits } = this.#shown;
    const at = this.#placeOf(event);
    const away = (end: LimitEnd): number => shareOf(limits[end], axis) - at;
    const taken = ENDS.find((one) => event.target === this.#markers[one]);
    const end = taken ?? (Math.abs(away("low")) <= Math.abs(away("high")) ? "low" : "high");
    const kind = newDragKind();
    this.#drag = { end, kind, grip: taken === undefined ? 0 : away(end) };
    this.element.setPointerCapture(event.pointerId);
    event.preventDefault();
    this.#markers[end].focus();
    if (taken === undefined) this.#move(kind, end, valueAt(at, axis));
  }

  #placeOf(event: PointerEvent): number {
    const { left, width } = this.element.getBoundingClientRect();
    return (event.clientX - left) / Math.max(1, width);
  }

  #move(kind: string, end: LimitEnd, value: number): void {
    if (this.#shown === null) return;
    const { axis, limits, isWhole } = this.#shown;
    const next = moveLimit(limits, end, value, { axis, finest: finestStep(axis, isWhole) });
    if (next.low === limits.low && next.high === limits.high) return;
    this.#shown = { ...this.#shown, limits: next };
    this.#moved(kind, next);
  }
}

function placeMarker(marker: HTMLElement, end: LimitEnd, { axis, limits }: MarkerContent): void {
  const value = limits[end];
  marker.style.left = `${100 * shareOf(value, axis)}%`;
  marker.setAttribute("aria-valuemin", String(Math.min(axis.from, value)));
  marker.setAttribute("aria-valuemax", String(Math.max(axis.to, value)));
  marker.setAttribute("aria-valuenow", String(value));
  marker.setAttribute("aria-valuetext", formatValue(value));
  marker.title = `${LABELS[end]}: ${formatValue(value)}`;
}

/** The value to which a key moves a marker; null for other keys. */
function valueOfKey(event: KeyboardEvent, end: LimitEnd, content: MarkerContent): number | null {
  if (event.ctrlKey || event.metaKey || event.altKey) return null;
  const { axis, limits, isWhole } = content;
  const step = keyStep(axis, finestStep(axis, isWhole)) * (event.shiftKey ? PAGE : 1);
  const by = {
    ArrowRight: step,
    ArrowUp: step,
    ArrowLeft: -step,
    ArrowDown: -step,
    PageUp: PAGE * step,
    PageDown: -PAGE * step,
  }[event.key];
  if (by !== undefined) return limits[end] + by;
  return { Home: axis.from, End: axis.to }[event.key] ?? null;
}
