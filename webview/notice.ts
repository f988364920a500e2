/**
 * What stands in place of the picture while it loads or when it cannot be shown.
 * @module
 */
import { element } from "./dom";
import { makeButton } from "./toolkit";

/** A sentence, a way out, and buttons for it. */
export interface NoticeContent {
  readonly message: string;
  readonly hint?: string;
  readonly actions: readonly { readonly id: string; readonly text: string; readonly press: () => void }[];
}

const COMPLAINT_MS = 8000;

/** The place for notices. */
export class Notice {
  #timer: ReturnType<typeof setTimeout> | undefined;
  readonly element = element("div", { id: "notice", role: "status", "aria-live": "polite" });

  /** Shows that something loads, after a moment: what is quick needs no notice. */
  showLoading(message: string): void {
    this.element.className = "loading";
    this.element.replaceChildren(
      element("span", { class: "spinner", "aria-hidden": "true" }),
      element("p", {}, message),
    );
    this.element.hidden = false;
  }

  /** Shows what went wrong and what can be done. */
  showError({ message, hint, actions }: NoticeContent): void {
    this.element.className = "error";
    const buttons = actions.map(({ id, text, press }, index) =>
      makeButton({ id, text, title: text }, index === 0, press),
    );
    this.element.replaceChildren(
      element("p", { id: "error-message" }, message),
      ...(hint === undefined ? [] : [element("p", { id: "error-hint", class: "hint" }, hint)]),
      element("div", { class: "buttons" }, ...buttons),
    );
    this.element.hidden = false;
  }

  /** Says for a while, at the foot of the picture, that something failed that the picture does not need. */
  complain(message: string): void {
    this.element.className = "complaint";
    this.element.replaceChildren(element("p", {}, message));
    this.element.hidden = false;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      if (this.element.className === "complaint") this.hide();
    }, COMPLAINT_MS);
  }

  /** Takes away what stands in place of the picture; a complaint stays its time. */
  clear(): void {
    if (this.element.className !== "complaint") this.hide();
  }

  hide(): void {
    this.element.hidden = true;
    this.element.replaceChildren();
  }
}
