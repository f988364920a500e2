/**
 * Builds elements.
 * @module
 */

/** An element with attributes and children; texts are never read as HTML. */
export function element(
  tag: string,
  attributes: Readonly<Record<string, string>> = {},
  ...children: readonly (Node | string)[]
): HTMLElement {
  const created = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) created.setAttribute(name, value);
  created.append(...children);
  return created;
}

/** An `input` with attributes. */
export function inputElement(attributes: Readonly<Record<string, string>>): HTMLInputElement {
  return element("input", attributes) as HTMLInputElement;
}
