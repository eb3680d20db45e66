import { element, textElement } from "./element.js";
import { type Schema, typeName, withoutNull } from "./tool.js";

const place = element("arguments", HTMLElement);

/** A field that does not hold what it should. */
export class WrongField extends Error {
  readonly field: HTMLElement;

  constructor(field: HTMLElement, message: string) {
    super(message);
    this.field = field;
  }
}

interface Argument {
  readonly field: HTMLInputElement | HTMLSelectElement | HTMLTextAreaElement;
  /** What it says; `undefined`: nothing. @throws WrongField */
  read(): unknown;
}
let shown = new Map<string, Argument>();

/** A field for each of a tool's arguments. */
export function showArguments({ properties = {}, required = [] }: Schema): void {
  shown = new Map();
  const rows = Object.entries(properties).map(([name, schema], index) => {
    const isRequired = required.includes(name);
    const argument = argumentOf(name, withoutNull(schema), isRequired);
    shown.set(name, argument);
    const { field } = argument;
    field.id = `argument-${index}`;
    field.setAttribute("aria-describedby", `${field.id}-help`);
    if (isRequired) field.setAttribute("aria-required", "true");
    const label = textElement("label", name);
    label.setAttribute("for", field.id);
    const hint = textElement("p", hintOf(schema, isRequired));
    hint.className = "hint";
    hint.id = `${field.id}-help`;
    const row = document.createElement("div");
    row.append(label, field, hint);
    return row;
  });
  place.replaceChildren(...rows);
}

/** @throws WrongField */
export function readArguments(): Record<string, unknown> {
  const values = [...shown].map(([name, argument]) => [name, argument.read()] as const);
  return Object.fromEntries(values.filter(([, value]) => value !== undefined));
}

function argumentOf(name: string, schema: Schema, isRequired: boolean): Argument {
  if (schema.enum !== undefined) return choice(schema.enum, isRequired);
  if (schema.type === "boolean") return choice([true, false], isRequired);
  if (schema.type === "string") return text(isRequired);
  return json(name, schema, isRequired);
}

function choice(choices: readonly unknown[], isRequired: boolean): Argument {
  const field = document.createElement("select");
  if (!isRequired) field.append(new Option("", ""));
  for (const [index, value] of choices.entries()) {
    const name = typeof value === "string" ? value : JSON.stringify(value);
    field.append(new Option(name, String(index)));
  }
  return { field, read: () => (field.value === "" ? undefined : choices[Number(field.value)]) };
}

function text(isRequired: boolean): Argument {
  const field = document.createElement("textarea");
  field.rows = 1;
  return { field, read: () => (field.value === "" && !isRequired ? undefined : field.value) };
}

function json(name: string, schema: Schema, isRequired: boolean): Argument {
  const isNumber = schema.type === "integer" || schema.type === "number";
  const field = document.createElement(isNumber ? "input" : "textarea");
  field.spellcheck = false;
  if (field instanceof HTMLTextAreaElement) field.rows = 1;
  else field.inputMode = "decimal";
  const read = () => {
    if (field.value.trim() === "") {
      if (!isRequired) return undefined;
      throw new WrongField(field, `${name} is missing`);
    }
    try {
      return JSON.parse(field.value) as unknown;
    } catch {
      const what = isNumber ? "a number" : "JSON";
      throw new WrongField(field, `${name}: expected ${what}, found ${field.value.slice(0, 80)}`);
    }
  };
  return { field, read };
}

function hintOf(schema: Schema, isRequired: boolean): string {
  const { type, enum: choices } = withoutNull(schema);
  const isPlain = ["string", "integer", "number", "boolean"].includes(String(type));
  const general =
    schema.default === undefined ? "may be empty" : `${JSON.stringify(schema.default)} if empty`;
  const what = [
    typeName(schema),
    isPlain || choices !== undefined ? "" : "as JSON",
    isRequired ? "" : general,
  ];
  const about = schema.description === undefined ? "" : `: ${schema.description}`;
  return `${what.filter(Boolean).join(", ")}${about}`;
}
