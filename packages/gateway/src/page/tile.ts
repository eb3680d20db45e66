import { element, setText } from "./element.js";

const now = element("now", HTMLElement);

/** Shows a figure of the present. */
export function tile(name: string, text: string): void {
  const value = now.querySelector(`[data-value="${name}"]`);
  if (!(value instanceof HTMLElement)) return;
  setText(value, text);
  value.dataset.state = text;
}
