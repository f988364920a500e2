/**
 * Contrast of the channel in hand: histogram with markers, fields, gamma, ways to choose limits.
 * @module
 */
import type {
  ContrastMethod,
  Histogram,
  Percentiles,
  PictureSource,
  StackDescription,
} from "../../src/protocol/viewer";
import { element } from "../dom";
import { lutOf } from "../draw/luts";
import type { Limits } from "../draw/renderer";
import { HistogramSource } from "../pixels/histograms";
import { sourceKey } from "../pixels/pictures";
import { withLimits, withLook } from "../state";
import type { ViewerState } from "../state";
import { channelName, formatValue } from "../texts";
import { makeButton, makeToggle } from "../toolkit";
import { axisOf } from "./contrastScale";
import type { ValueAxis } from "./contrastScale";
import { makeGammaField, makeLimitFields, makePercentileFields } from "./contrastFields";
import { makeHistogramPlot } from "./histogramPlot";
import { LimitMarkers } from "./limitMarkers";
import type { Panel, PanelContext, PanelView } from "./panel";

const HIDDEN = "This channel is hidden: tick it to see it and to set its contrast.";

/** Builds the part; it asks for histograms only while it is shown. */
export function makeContrastPart(context: PanelContext): Panel {
  const part = new ContrastPart(context);
  return { element: part.element, show: (view) => part.show(view), dispose: () => part.dispose() };
}

class ContrastPart {
  readonly element: HTMLElement;
  readonly #context: PanelContext;
  readonly #histograms: HistogramSource;
  readonly #title = element("h3");
  readonly #facts = element("p", { class: "facts-line" });
  readonly #plot = makeHistogramPlot();
  readonly #markers = new LimitMarkers((kind, limits) => this.#setLimits(kind, limits));
  readonly #fields = makeLimitFields((limits) => this.#setLimits("limits", limits));
  readonly #gamma = makeGammaField((kind, gamma) => {
    this.#context.change(kind, (state) => withLook(state, state.plane.c, { gamma }));
  });
  readonly #percentiles = makePercentileFields((percentiles) => this.#setPercentiles(percentiles));
  readonly #log = makeToggle(
    { id: "channels-log", text: "Log counts", title: "Show the logarithm of the counts, to see rare values" },
    (isOn) => this.#context.change("log counts", (state) => ({ ...state, hasLogCounts: isOn })),
  );
  #view: PanelView | null = null;
  /** The histogram that is shown, and of which picture. */
  #last: { readonly key: string; readonly histogram: Histogram } | null = null;
  #axis: ValueAxis = { from: 0, to: 1 };

  constructor(context: PanelContext) {
    this.#context = context;
    this.#histograms = new HistogramSource(
      (source, signal) => context.channel.request("histogram", source, signal),
      { arrived: () => this.#draw(), failed: (error) => context.complain(error) },
    );
    this.#markers.show(null);
    this.element = element(
      "section",
      { "aria-label": "Contrast" },
      this.#title,
      element("div", { class: "histogram" }, this.#plot.element, this.#markers.element),
      element("div", { class: "histogram-foot" }, this.#facts, this.#log.element),
      this.#fields.element,
      this.#gamma.element,
      makeContrastButtons(context, () => this.#view),
      this.#makePercentileRow(),
    );
  }

  show(view: PanelView): void {
    this.#view = view;
    this.#draw();
  }

  dispose(): void {
    this.#histograms.dispose();
    this.#plot.dispose();
  }

  #setLimits(kind: string, limits: Limits): void {
    this.#context.change(kind, (state) => withLimits(state, state.plane.c, limits));
  }

  /** A way to choose contrast that has numbers of its own. */
  #makePercentileRow(): HTMLElement {
    const button = makeButton(
      {
        id: "channels-percentile",
        text: "Percentiles",
        title: "Limits from the values: from the low to the high percentile",
      },
      false,
      () => chooseLimits(this.#context, this.#view, "percentile"),
    );
    const label = { class: "field", role: "group", "aria-label": "Contrast from percentiles" };
    return element("div", label, button, this.#percentiles.element);
  }

  /** While limits come from percentiles, others give others at once. */
  #setPercentiles(percentiles: Percentiles): void {
    if (this.#view?.state.method === "percentile")
      chooseLimits(this.#context, this.#view, "percentile", percentiles);
    else this.#context.change("percentiles", (state) => ({ ...state, percentiles }));
  }

  #draw(): void {
    if (this.#view === null) return;
    const { state } = this.#view;
    const { c } = state.plane;
    const source = pictureOf(state);
    const histogram = this.#histograms.want(source);
    const key = sourceKey(source);
    if (histogram !== null) this.#last = { key, histogram };
    const limits = shownLimits(this.#view);
    this.#title.textContent = contrastTitle(this.#context.description, c);
    this.#fields.show(limits);
    this.#gamma.show(state.channels[c].gamma);
    this.#percentiles.show(state.percentiles);
    this.#log.set(state.hasLogCounts);
    this.#facts.textContent =
      limits === null ? HIDDEN : this.#last?.key === key ? factsOf(this.#last.histogram) : " ";
    if (this.#last !== null) this.#drawPlot(this.#last.histogram, limits, state);
  }

  #drawPlot(histogram: Histogram, limits: Limits | null, state: ViewerState): void {
    if (!this.#markers.isDragging) this.#axis = axisOf(histogram, limits);
    const axis = this.#axis;
    const { gamma, lut } = state.channels[state.plane.c];
    this.#plot.show({
      histogram,
      axis,
      scale: limits === null ? null : { limits, gamma },
      isLog: state.hasLogCounts,
      lut: lutOf(state.mode === "gray" ? "gray" : lut),
    });
    const isWhole = !this.#context.description.dtype.startsWith("float");
    this.#markers.show(limits === null ? null : { axis, limits, isWhole });
  }
}

/** The picture whose values are shown. */
function pictureOf({ plane, projection }: ViewerState): PictureSource {
  return projection === null ? { plane } : { plane, projection };
}

/** The limits of the channel in hand: those that the user keeps at once, others when the picture is drawn. */
function shownLimits(view: PanelView): Limits | null {
  const { state } = view;
  const { c } = state.plane;
  const { limits } = state.channels[c];
  const shown = state.keepContrast && limits !== null ? limits : view.limitsOf(c);
  return shown === null ? null : { low: shown.low, high: shown.high };
}

function contrastTitle(description: StackDescription, channel: number): string {
  return description.lengths.c === 1 ? "Contrast" : `Contrast of ${channelName(description, channel)}`;
}

function factsOf({ min, max, notFinite }: Histogram): string {
  const strange = notFinite === 0 ? "" : ` · ${notFinite} NaN or infinite`;
  return `Values ${formatValue(min)} to ${formatValue(max)}${strange}`;
}

function makeContrastButtons(context: PanelContext, now: () => PanelView | null): HTMLElement {
  const { description } = context;
  const withLimitsNow = (act: (limits: Limits) => void): void => {
    const view = now();
    const limits = view === null ? null : shownLimits(view);
    if (limits !== null) act(limits);
  };
  const invert = ({ low, high }: Limits): void => {
    context.change("invert", (state) => withLimits(state, state.plane.c, { low: high, high: low }));
  };
  const setForAll = (limits: Limits): void => {
    context.change("limits of all", (state) => {
      const { gamma } = state.channels[state.plane.c];
      return {
        ...state,
        keepContrast: true,
        channels: state.channels.map((look) => ({ ...look, limits, gamma })),
      };
    });
  };
  const button = (id: string, text: string, title: string, press: () => void): HTMLElement =>
    makeButton({ id: `channels-${id}`, text, title }, false, press);
  const box = element(
    "div",
    { class: "buttons", role: "group", "aria-label": "Ways to choose contrast" },
    button("auto", "Auto", "As ImageJ's Auto; press again for more (A)", () => context.autoContrast()),
    button("minmax", "Min–max", "From the smallest to the largest value", () =>
      chooseLimits(context, now(), "minmax"),
    ),
    button("invert", "Invert", "Show small values bright: swaps the limits", () => withLimitsNow(invert)),
    button("reset", "Reset", "Contrast, gamma and LUT of all channels as at first (R)", () =>
      context.resetContrast(),
    ),
  );
  if (description.lengths.c > 1)
    box.append(
      button("all", "Set for all channels", "Gives all channels these limits and this gamma", () =>
        withLimitsNow(setForAll),
      ),
    );
  return box;
}

/** Chooses limits of the channel in hand once, when limits are kept; else for each picture from now on. */
function chooseLimits(
  context: PanelContext,
  view: PanelView | null,
  method: ContrastMethod,
  percentiles = view?.state.percentiles,
): void {
  if (view === null || percentiles === undefined) return;
  const source = pictureOf(view.state);
  const kind = percentiles === view.state.percentiles ? "contrast" : "percentiles";
  context.channel.request("contrast", { ...source, method, percentiles }).then(
    ({ low, high }) =>
      context.change(kind, (state) => {
        const limits = state.keepContrast ? { low, high } : null;
        return { ...withLook(state, source.plane.c, { limits }), method, percentiles };
      }),
    (error: unknown) => context.complain(error),
  );
}
