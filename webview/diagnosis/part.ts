/**
 * What the page of a diagnosis is made of.
 * @module
 */

/** Part of the page. */
export interface Part {
  readonly element: HTMLElement;
  dispose?(): void;
}
