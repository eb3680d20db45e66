import { type Address, ask } from "../ask.js";

/** One user: a question, and the answer as it comes. A new question leaves the answer before it. */
export function userPane(address: Address, name: string, question: string): HTMLElement {
  const template = document.querySelector("template") as HTMLTemplateElement;
  const pane = template.content.cloneNode(true) as DocumentFragment;
  const find = <T extends Element = HTMLElement>(selector: string) =>
    pane.querySelector(selector) as T;
  const [section, form] = [find("section"), find<HTMLFormElement>("form")];
  const [session, answer, status] = [find(".session"), find(".answer"), find(".status")];
  const leave = find<HTMLButtonElement>("[name=leave]");
  let asked = new AbortController();

  find("h2").textContent = name;
  find<HTMLInputElement>("[name=question]").value = question;
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    asked.abort();
    asked = new AbortController();
    void show(asked.signal);
  });
  leave.addEventListener("click", () => asked.abort());
  return section;

  async function show(signal: AbortSignal): Promise<void> {
    const fields = new FormData(form);
    const wish = {
      question: String(fields.get("question")),
      temperature: Number(fields.get("temperature")),
    };
    answer.textContent = "";
    status.textContent = "asking …";
    leave.disabled = false;
    try {
      for await (const event of ask(address, wish, signal)) {
        session.textContent = `session ${event.session_id}`;
        if (event.type === "answer") answer.append(event.content);
        else status.textContent = event.type === "error" ? event.content : event.type;
      }
    } catch (error) {
      // When the next question has been asked, the pane is no longer this one's.
      if (asked.signal !== signal) return;
      status.textContent = signal.aborted ? "left" : String(error);
    }
    if (asked.signal === signal) leave.disabled = true;
  }
}
