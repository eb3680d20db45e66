import type { PythonType } from "./description.js";

/** Where a type stands: a parameter of a command, a helper type for arguments, or anything that comes back. */
export type Place = "parameter" | "input" | "output";

/** Gives the name of a helper type there. */
export type NameOf = (name: string, place: Place) => string;

/** A Python type in TypeScript. */
export function typeText(type: PythonType, place: Place, nameOf: NameOf): string {
  return members(type, place, nameOf).join(" | ");
}

/** The members of a union, each once; of any other type itself. */
function members(type: PythonType, place: Place, nameOf: NameOf): string[] {
  const text = (inner: PythonType) => typeText(inner, place, nameOf);
  // What is only read may be read-only. Helper types go both ways, and stay one type where they can.
  const readonly = place === "parameter" ? "readonly " : "";
  switch (type.type) {
    case "int":
      return place === "parameter" ? ["number", "bigint"] : ["number"];
    case "float":
      return ["number"];
    case "str":
      return ["string"];
    case "bool":
      return ["boolean"];
    case "none":
      return ["null"];
    case "bytes":
      return [...(place === "output" ? [] : ["Uint8Array"]), 'Tensor<"uint8">'];
    case "tensor":
      return ["Tensor"];
    case "any":
    case "unknown":
      return ["unknown"];
    case "list": {
      const item = members(type.item, place, nameOf);
      const isOne = item.length === 1 && !item[0]?.startsWith("readonly ");
      return [`${readonly}${isOne ? item[0] : `(${item.join(" | ")})`}[]`];
    }
    case "tuple":
      return [`${readonly}[${type.items.map(text).join(", ")}]`];
    case "dict":
      return [`{ ${readonly}[key: string]: ${text(type.value)} }`];
    case "literal":
      return literals(type.values);
    case "union": {
      const all = type.of.flatMap((part) => members(part, place, nameOf));
      return all.includes("unknown") ? ["unknown"] : [...new Set(all)];
    }
    case "ref":
      return [nameOf(type.name, place)];
  }
}

export function literals(values: readonly unknown[]): string[] {
  return values.map((value) => JSON.stringify(value));
}
