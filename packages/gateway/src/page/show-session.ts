import { element, setText } from "./element.js";
import { EventList } from "./event-list.js";
import { counted } from "./format.js";
import { readEvents } from "./read-events.js";
import { Refused, request } from "./request.js";
import { say } from "./status.js";

const section = element("session", HTMLElement);
const title = element("session-title", HTMLElement);
const list = new EventList(element("session-events", HTMLElement));
let watching: AbortController | undefined;
let opener: Element | null = null;

/** Shows a session's events from the oldest that is kept on, and those that come. */
export function openSession(id: string): void {
  watching?.abort();
  watching = new AbortController();
  opener = document.activeElement;
  list.clear();
  setText(title, `Events of ${id}`);
  section.hidden = false;
  title.focus();
  void watch(id, watching.signal);
}

export function closeSession(): void {
  watching?.abort();
  section.hidden = true;
  if (opener instanceof HTMLElement && opener.isConnected) opener.focus();
}

async function watch(id: string, signal: AbortSignal): Promise<void> {
  let lastId: string | undefined;
  let count = 0;
  while (!signal.aborted) {
    try {
      const headers: HeadersInit = lastId === undefined ? {} : { "last-event-id": lastId };
      const path = `chat/stream/${encodeURIComponent(id)}?watch=true`;
      const response = await request(path, { headers, signal });
      for await (const event of readEvents(response)) {
        lastId = event.id;
        count++;
        list.add(event);
        if (event.type !== "completed") continue;
        say(`${id}: ${counted(count, "event")}, ${event.status}`);
        return;
      }
      if (response.status === 204) return say(`${id}: no events are kept`);
    } catch (error) {
      if (signal.aborted) return;
      if (error instanceof Refused) return say(`${id}: ${error.message}`);
    }
    // The connection was lost: on from where it was.
    await new Promise((resolve) => setTimeout(resolve, 1000));
  }
}

element("close-session", HTMLButtonElement).addEventListener("click", closeSession);
