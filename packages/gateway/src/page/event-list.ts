import { textElement } from "./element.js";
import { clock } from "./format.js";
import type { SessionEvent } from "./read-events.js";

const maxEvents = 500;
const maxText = 4000;

/** The last events of a session, in a region that stays at its end unless it is scrolled. */
export class EventList {
  readonly #region: HTMLElement;
  readonly #list: HTMLElement;
  #waiting: SessionEvent[] = [];
  #frame: number | undefined;

  constructor(region: HTMLElement) {
    this.#region = region;
    this.#list = region.querySelector("ol") as HTMLElement;
  }

  clear(): void {
    this.#waiting = [];
    this.#list.replaceChildren();
  }

  /** Shown with the next picture, together with those that come until then. */
  add(event: SessionEvent): void {
    this.#waiting.push(event);
    if (this.#waiting.length > maxEvents) this.#waiting.shift();
    this.#frame ??= requestAnimationFrame(() => this.#show());
  }

  #show(): void {
    this.#frame = undefined;
    const region = this.#region;
    const isAtEnd = region.scrollTop + region.clientHeight >= region.scrollHeight - 8;
    this.#list.append(...this.#waiting.map(item));
    this.#waiting = [];
    while (this.#list.childElementCount > maxEvents) this.#list.firstElementChild?.remove();
    if (isAtEnd) region.scrollTop = region.scrollHeight;
  }
}

function item({ id, type, timestamp, session_id, content, ...others }: SessionEvent): HTMLElement {
  const made = document.createElement("li");
  const kind = textElement("strong", type);
  kind.dataset.state = type;
  made.append(textElement("time", timestamp === undefined ? "" : clock(timestamp)), kind);
  if (content !== undefined) {
    made.append(shortened(typeof content === "string" ? content : JSON.stringify(content)));
  }
  const more = JSON.stringify(others);
  if (more !== "{}") made.append(" ", textElement("code", shortened(more)));
  return made;
}

function shortened(text: string): string {
  const surplus = text.length - maxText;
  return surplus > 0 ? `${text.slice(0, maxText)}… (${surplus} characters more)` : text;
}
