import { element, setText } from "./element.js";

const line = element("status", HTMLElement);

/** Says it where people look, and screen readers tell of it when they have time. */
export function say(text: string): void {
  setText(line, text);
}

let health: string | undefined;

/** How it is, once, for it is read aloud. */
export function sayHealth(text: string): void {
  if (text !== health) say(text);
  health = text;
}

/** The same, of which something new is said meanwhile. */
export function sayNews(news: string, healthAfter: string): void {
  say(news);
  health = healthAfter;
}
