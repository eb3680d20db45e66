/** The element of that id. @throws Error when the page has none such: it was built wrongly. */
export function element<T extends HTMLElement>(id: string, kind: new () => T): T {
  const found = document.getElementById(id);
  if (found instanceof kind) return found;
  throw new Error(`expected the page to have a ${kind.name} with the id ${id}`);
}

/** Changed only where it differs, so that screen readers and the layout are left alone. */
export function setText(node: Element, text: string): void {
  if (node.textContent !== text) node.textContent = text;
}

/** A new element with a text: nothing else that comes from outside gets into the page. */
export function textElement(tag: string, text: string): HTMLElement {
  const made = document.createElement(tag);
  made.textContent = text;
  return made;
}
