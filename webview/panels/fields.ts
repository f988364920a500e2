/**
 * Fields of the side panel: numbers, choices of one, sliders. What is typed is told once it is complete.
 * @module
 */
import { element, inputElement } from "../dom";

/** A field for a number. */
export interface NumberField {
  readonly element: HTMLElement;
  /** Shows a value unless the user is typing another; null empties it. */
  show(value: number | null): void;
  enable(isEnabled: boolean): void;
}

/** What a field is for. */
export interface FieldSpec {
  readonly id: string;
  /** In front of the field. */
  readonly text: string;
  /** For the tool tip and screen readers. */
  readonly title: string;
  readonly step?: string;
  readonly min?: number;
  readonly max?: number;
}

/** A field for a number, with its name in front. */
export function makeNumberField(spec: FieldSpec, change: (value: number) => void): NumberField {
  const { id, text, title, step = "any", min, max } = spec;
  const input = inputElement({
    ...{ type: "number", id, title, step, "aria-label": title },
    ...(min === undefined ? {} : { min: String(min) }),
    ...(max === undefined ? {} : { max: String(max) }),
  });
  let isTyping = false;
  input.addEventListener("input", () => {
    isTyping = true;
  });
  input.addEventListener("blur", () => {
    isTyping = false;
  });
  input.addEventListener("change", () => {
    isTyping = false;
    if (Number.isFinite(input.valueAsNumber)) change(input.valueAsNumber);
  });
  return {
    element: element("label", { class: "field" }, element("span", {}, text), input),
    show: (value) => {
      const shown = value === null ? "" : String(value);
      if (!isTyping && input.value !== shown) input.value = shown;
    },
    enable: (isEnabled) => {
      input.disabled = !isEnabled;
    },
  };
}

/** Buttons of which one is pressed. */
export interface OneOf {
  readonly element: HTMLElement;
  set(value: string): void;
}

/** Buttons of which one is pressed; the arrow keys move between them. */
export function makeOneOf(
  { id, title }: { readonly id: string; readonly title: string },
  options: Readonly<Record<string, { readonly text: string; readonly title: string }>>,
  choose: (value: string) => void,
): OneOf {
  const group = element("div", { id, class: "one-of", role: "radiogroup", "aria-label": title });
  const buttons = Object.entries(options).map(([value, option]) => {
    const button = element(
      "button",
      { id: `${id}-${value}`, role: "radio", title: option.title },
      option.text,
    );
    button.addEventListener("click", () => choose(value));
    return { value, button };
  });
  group.append(...buttons.map(({ button }) => button));
  group.addEventListener("keydown", (event) => {
    const by = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    const from = buttons.findIndex(({ button }) => button === document.activeElement);
    if (by === undefined || from < 0) return;
    event.preventDefault();
    const { value, button } = buttons[(from + by + buttons.length) % buttons.length];
    choose(value);
    button.focus();
  });
  return {
    element: group,
    set: (chosen) => {
      for (const { value, button } of buttons) {
        button.setAttribute("aria-checked", String(value === chosen));
        button.tabIndex = value === chosen ? 0 : -1;
      }
    },
  };
}

/** A slider from 0 to 100 %. */
export interface ShareSlider {
  readonly element: HTMLElement;
  readonly input: HTMLInputElement;
  /** @param share 0…1 */
  show(share: number): void;
}

/** A slider for a share, with its name in front and the percentage behind. */
export function makeShareSlider(
  { id, text, title }: Omit<FieldSpec, "step" | "min" | "max">,
  change: (share: number) => void,
): ShareSlider {
  const input = inputElement({
    type: "range",
    id,
    title,
    min: "0",
    max: "100",
    step: "1",
    "aria-label": title,
  });
  const percent = element("output", { for: id }, "");
  input.addEventListener("input", () => change(input.valueAsNumber / 100));
  return {
    element: element("div", { class: "slider" }, element("span", {}, text), input, percent),
    input,
    show: (share) => {
      const value = `${Math.round(share * 100)}`;
      input.value = value;
      input.style.setProperty("--filled", `${value}%`);
      percent.textContent = `${value} %`;
    },
  };
}
