import { element, setText } from "./element.js";
import { duration } from "./format.js";
import { imagesIn } from "./images.js";

const maxText = 2000;
const maxValue = 200_000;
const section = element("result", HTMLElement);
const summary = element("result-summary", HTMLElement);
const images = element("result-images", HTMLElement);
const value = element("result-value", HTMLElement);

export interface Answer {
  readonly code: number;
  readonly message: string;
  readonly data: unknown;
  readonly meta?: {
    readonly execution_time_ms?: number;
    readonly temporary_session?: boolean;
    readonly session_id?: string | null;
    readonly note?: string;
  };
}

/** What a tool gave, with the pictures in it. */
export function showResult({ code, message, data, meta = {} }: Answer): void {
  const { execution_time_ms: ms, temporary_session, session_id, note } = meta;
  const where = temporary_session ? "in a temporary session" : session_id && `in ${session_id}`;
  const parts = [
    code === 0 ? message : `${code}: ${message}`,
    ms !== undefined && duration(ms / 1000),
    where,
    note,
  ];
  setText(summary, parts.filter(Boolean).join(", "));
  summary.dataset.state = code === 0 ? "completed" : "error";
  const json = JSON.stringify(data, (_, item) => shortened(item, maxText), 2) ?? "null";
  setText(value, String(shortened(json, maxValue)));
  clearImages();
  for (const { path, bytes } of imagesIn(data)) {
    const picture = document.createElement("img");
    picture.src = URL.createObjectURL(new Blob([bytes], { type: "image/png" }));
    picture.alt = `${path}, a picture`;
    images.append(picture);
  }
  section.hidden = false;
}

export function clearResult(): void {
  clearImages();
  section.hidden = true;
}

function clearImages(): void {
  for (const { src } of images.querySelectorAll("img")) URL.revokeObjectURL(src);
  images.replaceChildren();
}

function shortened(item: unknown, most: number): unknown {
  if (typeof item !== "string" || item.length <= most) return item;
  return `${item.slice(0, most / 10)}… (${item.length} characters)`;
}
