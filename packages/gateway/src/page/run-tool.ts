import { readArguments, showArguments, WrongField } from "./arguments.js";
import { element, setText } from "./element.js";
import { Refused, request } from "./request.js";
import { type Answer, clearResult, showResult } from "./show-result.js";
import { say } from "./status.js";
import type { Tool } from "./tool.js";

const form = element("run-form", HTMLFormElement);
const choice = element("tool", HTMLSelectElement);
const description = element("tool-description", HTMLElement);
const schema = element("tool-schema", HTMLElement);
const worker = element("worker", HTMLInputElement);
const timeout = element("timeout", HTMLInputElement);
const errorText = element("run-error", HTMLElement);
const runButton = element("run", HTMLButtonElement);
const cancelButton = element("cancel", HTMLButtonElement);
let tools: readonly Tool[] = [];
let running: AbortController | undefined;

/** The tools to choose from; the one that is chosen stays. */
export function offerTools(all: readonly Tool[]): void {
  tools = all;
  const chosen = choice.value;
  const groups = new Map<string, HTMLOptGroupElement>();
  for (const { full_name, resource_type } of all) {
    const name = resource_type ?? "without sessions";
    const group = groups.get(name) ?? document.createElement("optgroup");
    group.label = name;
    group.append(new Option(full_name, full_name));
    groups.set(name, group);
  }
  choice.replaceChildren(...groups.values());
  if (all.some(({ full_name }) => full_name === chosen)) choice.value = chosen;
  showChosen();
}

export function chooseTool(name: string): void {
  choice.value = name;
  showChosen();
  choice.focus();
}

export function cancelRun(): void {
  running?.abort();
}

function showChosen(): void {
  const tool = tools.find(({ full_name }) => full_name === choice.value);
  setText(description, tool?.description ?? "");
  setText(schema, JSON.stringify(tool?.parameters, null, 2) ?? "");
  setText(errorText, "");
  showArguments(tool?.parameters ?? {});
}

/** One at a time; leaving it cancels the tool. */
async function run(): Promise<void> {
  if (running !== undefined) return;
  const body = readForm();
  if (body === undefined) return;
  running = new AbortController();
  const { signal } = running;
  clearResult();
  cancelButton.disabled = false;
  if (document.activeElement === runButton) cancelButton.focus();
  runButton.disabled = true;
  say(`${choice.value} runs`);
  say(await execute(body, signal).catch((error) => failureOf(error, signal)));
  running = undefined;
  runButton.disabled = false;
  if (document.activeElement === cancelButton) runButton.focus();
  cancelButton.disabled = true;
}

interface Call {
  readonly action: string;
  readonly params: object;
  readonly worker_id: string;
  readonly timeout?: number;
}

/** What the form says; `undefined`, and why, when a field is wrong. */
function readForm(): Call | undefined {
  for (const field of form.querySelectorAll("[aria-invalid]")) {
    field.removeAttribute("aria-invalid");
  }
  setText(errorText, "");
  try {
    return {
      ...{ worker_id: worker.value, action: choice.value, params: readArguments() },
      ...(timeout.value !== "" && { timeout: Number(timeout.value) }),
    };
  } catch (error) {
    if (!(error instanceof WrongField)) throw error;
    error.field.setAttribute("aria-invalid", "true");
    error.field.focus();
    setText(errorText, error.message);
    return undefined;
  }
}

async function execute(body: Call, signal: AbortSignal): Promise<string> {
  const init = { method: "POST", headers: { "content-type": "application/json" }, signal };
  let answer: unknown;
  try {
    const sent = { ...init, body: JSON.stringify(body) };
    answer = await (await request("api/v1/execute", sent)).json();
  } catch (error) {
    // A tool's failure is an answer too.
    if (!(error instanceof Refused && isAnswer(error.body))) throw error;
    answer = error.body;
  }
  if (!isAnswer(answer)) throw new Error("the answer is none of a tool");
  showResult(answer);
  return answer.code === 0 ? `${body.action} has ended` : `${body.action}: ${answer.message}`;
}

function isAnswer(body: unknown): body is Answer {
  return typeof (body as { code?: unknown } | null)?.code === "number";
}

function failureOf(error: unknown, signal: AbortSignal): string {
  if (signal.aborted) return "cancelled";
  return `not run: ${error instanceof Error ? error.message : error}`;
}

form.addEventListener("submit", (event) => {
  event.preventDefault();
  void run();
});
cancelButton.addEventListener("click", cancelRun);
choice.addEventListener("change", showChosen);
form.addEventListener("keydown", (event) => {
  if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) {
    event.preventDefault();
    form.requestSubmit();
  }
});
