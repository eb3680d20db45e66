import { element, setText } from "./element.js";

const line = element("status", HTMLElement);

/** Says it where people look, and screen readers tell of it when they have time. */
export function say(text: string): void {
  setText(line, text);
}
