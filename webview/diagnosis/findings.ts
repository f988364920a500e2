/**
 * What was found, one card each: cause, certainty, place, size, evidence, and what to do about it.
 * @module
 */
import type { Finding, Place, Probe } from "../../src/diagnose/diagnosis";
import {
  CERTAINTY_TEXTS,
  cureLabel,
  findingTitle,
  fractionText,
  numberText,
  pixelsText,
  placeText,
  sentenceText,
  toleranceText,
} from "../../src/diagnose/words";
import { element } from "../dom";
import { makeButton } from "../toolkit";

/** What can be done with findings. */
export interface FindingActions {
  /** Whether predictions can be started. */
  readonly canPredict: boolean;
  goTo(place: Place): void;
  predictAgain(finding: number): void;
  copyCommand(finding: number): void;
}

/** Builds the list of findings. */
export function makeFindings(findings: readonly Finding[], actions: FindingActions): HTMLElement {
  if (findings.length === 0) return element("p", {}, "Nothing was found.");
  return element(
    "ol",
    { id: "findings" },
    ...findings.map((finding, index) => element("li", {}, makeCard(finding, index, actions))),
  );
}

function makeCard(finding: Finding, index: number, actions: FindingActions): HTMLElement {
  const { certainty, axis, where, magnitude, evidence, cure } = finding;
  const { name, why } = CERTAINTY_TEXTS[certainty];
  const chips = [
    element("span", { class: `chip ${certainty}`, title: `${name}: ${why}` }, name),
    ...(axis === null ? [] : [element("span", { class: "chip" }, `across ${axis}`)]),
    element("span", { class: "chip" }, placeText(where)),
    ...(magnitude === null
      ? []
      : [element("span", { class: "chip" }, `up to ${fractionText(magnitude)} of the range`)]),
  ];
  const id = `finding-${index}`;
  return element(
    "article",
    { class: "card", id, "aria-labelledby": `${id}-cause` },
    element("h3", { id: `${id}-cause` }, findingTitle(finding)),
    element("div", { class: "chips" }, ...chips),
    element("p", {}, sentenceText(evidence)),
    element("p", { class: "cure" }, element("strong", {}, "What to do: "), sentenceText(cure.text)),
    element("div", { class: "buttons" }, ...makeButtons(finding, index, actions)),
  );
}

function makeButtons({ cure, where }: Finding, index: number, actions: FindingActions): HTMLElement[] {
  const buttons: HTMLElement[] = [];
  if (cure.options !== null && actions.canPredict) {
    const text = cureLabel(cure.options);
    const title = "Repeat the run with this changed, into a new file";
    buttons.push(makeButton({ id: `cure-${index}`, text, title }, true, () => actions.predictAgain(index)));
  }
  if (cure.command !== null) {
    const title = cure.command;
    buttons.push(
      makeButton({ id: `copy-${index}`, text: "Copy Command", title }, false, () =>
        actions.copyCommand(index),
      ),
    );
  }
  if (Object.keys(where).length > 0) {
    const title = `Show ${placeText(where)} in the viewer`;
    buttons.push(
      makeButton({ id: `show-${index}`, text: "Show in Viewer", title }, false, () => actions.goTo(where)),
    );
  }
  return buttons;
}

/** What overlap is needed for which error, and what it costs; null when nothing was predicted again. */
export function makeOverlapTable(probe: Probe | null): HTMLElement | null {
  if (probe === null || probe.recommended.length === 0) return null;
  const head = ["For an error below", "overlap", "largest error", "voxels computed"];
  const rows = probe.recommended.map(({ tolerance, overlap }) =>
    element(
      "tr",
      {},
      element("th", { scope: "row" }, toleranceText(tolerance)),
      element("td", {}, overlap === null ? "none that was tried" : pixelsText(overlap.overlap)),
      element("td", {}, fractionText(overlap?.max)),
      element(
        "td",
        {},
        overlap?.cost === undefined || overlap.cost === null ? "–" : `${numberText(overlap.cost)} ×`,
      ),
    ),
  );
  const table = element(
    "table",
    { id: "overlaps", class: "numbers" },
    element("thead", {}, element("tr", {}, ...head.map((text) => element("th", { scope: "col" }, text)))),
    element("tbody", {}, ...rows),
  );
  return element("div", { class: "sideways" }, table);
}
