/**
 * Buttons, check boxes and drop-downs. The only file that knows which UI kit they come from.
 * @module
 */
import {
  provideVSCodeDesignSystem,
  vsCodeButton,
  vsCodeCheckbox,
  vsCodeDropdown,
  vsCodeOption,
} from "@vscode/webview-ui-toolkit";
import { element } from "./dom";

provideVSCodeDesignSystem().register(vsCodeButton(), vsCodeCheckbox(), vsCodeDropdown(), vsCodeOption());

/** What a control says: its text, and what a screen reader and the tool tip add. */
export interface Wording {
  readonly id: string;
  readonly text: string;
  readonly title: string;
}

/** A push button. */
export function makeButton({ id, text, title }: Wording, isPrimary: boolean, press: () => void): HTMLElement {
  const button = element(
    "vscode-button",
    { id, title, appearance: isPrimary ? "primary" : "secondary" },
    text,
  );
  button.addEventListener("click", press);
  return button;
}

/** A check box that can be set from outside without telling anyone. */
export interface Toggle {
  readonly element: HTMLElement;
  set(isOn: boolean): void;
}

/** A check box. */
export function makeToggle({ id, text, title }: Wording, change: (isOn: boolean) => void): Toggle {
  const content = text === "" ? [] : [text];
  const box = element("vscode-checkbox", { id, title }, ...content) as HTMLElement & { checked: boolean };
  // The box says "change" also when it is set from outside.
  let known = box.checked;
  box.addEventListener("change", () => {
    if (box.checked === known) return;
    known = box.checked;
    change(known);
  });
  return {
    element: box,
    set: (isOn) => {
      known = isOn;
      if (box.checked !== isOn) box.checked = isOn;
    },
  };
}

/** A drop-down list that can be set from outside without telling anyone. */
export interface Choice {
  readonly element: HTMLElement;
  set(value: string): void;
}

/** A drop-down list of values with their texts. */
export function makeChoice(
  { id, text, title }: Wording,
  options: Readonly<Record<string, string>>,
  change: (value: string) => void,
): Choice {
  const entries = Object.entries(options).map(([value, label]) => element("vscode-option", { value }, label));
  const list = element("vscode-dropdown", { id, title, "aria-label": text }, ...entries) as HTMLElement & {
    value: string;
    open: boolean;
  };
  let known = list.value;
  const tell = (): void => {
    if (list.open || list.value === known) return;
    known = list.value;
    change(known);
  };
  list.addEventListener("change", tell);
  // The list says nothing when a key goes back to what was chosen before the mouse chose something else.
  list.addEventListener("keydown", () => setTimeout(tell));
  return {
    element: list,
    set: (value) => {
      known = value;
      if (list.value !== value) list.value = value;
    },
  };
}
