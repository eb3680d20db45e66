import { element } from "./element.js";
import { EventList } from "./event-list.js";
import { counted } from "./format.js";
import { readEvents } from "./read-events.js";
import { request } from "./request.js";
import { say } from "./status.js";

const form = element("ask-form", HTMLFormElement);
const question = element("question", HTMLTextAreaElement);
const askButton = element("ask", HTMLButtonElement);
const cancelButton = element("cancel", HTMLButtonElement);
const region = element("answer", HTMLElement);
const list = new EventList(region);
let asking: AbortController | undefined;

/** One question at a time; leaving it stops the agent. */
async function ask(): Promise<void> {
  if (asking !== undefined) return;
  asking = new AbortController();
  const { signal } = asking;
  list.clear();
  region.hidden = false;
  cancelButton.disabled = false;
  if (document.activeElement === askButton) cancelButton.focus();
  askButton.disabled = true;
  say("asked; the answer comes below the question");
  say(await answer(signal).catch((error) => failureOf(error, signal)));
  asking = undefined;
  askButton.disabled = false;
  if (document.activeElement === cancelButton) question.focus();
  cancelButton.disabled = true;
}

async function answer(signal: AbortSignal): Promise<string> {
  const response = await request("chat/stream", {
    ...{ method: "POST", signal, headers: { "content-type": "application/json" } },
    body: JSON.stringify({ question: question.value }),
  });
  let count = 0;
  for await (const event of readEvents(response)) {
    list.add(event);
    count++;
    if (event.type === "completed") return `answered: ${counted(count, "event")}, ${event.status}`;
  }
  return "the connection was lost before the end of the answer";
}

function failureOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return "cancelled";
  return `not answered: ${error instanceof Error ? error.message : error}`;
}

export function cancel(): void {
  asking?.abort();
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void ask();
});
cancelButton.addEventListener("click", cancel);
question.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit();
  }
});
