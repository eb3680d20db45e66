import type { Definition, Description, Field, PythonType } from "./description.js";
import { docComment } from "./doc-text.js";
import { isTypeName, propertyKey } from "./names.js";
import { literals, type Place, typeText } from "./type-text.js";

/**
 * The named types of a script. Those that differ as an argument (bytes, fields with defaults) get a
 * second type, `NameInput`. Only what is asked for, and what that refers to, is written.
 */
export class HelperTypes {
  readonly #types: Description["types"];
  readonly #names = new Map<string, string>();
  readonly #used = new Set<string>();

  constructor(types: Description["types"]) {
    this.#types = types;
    const taken = new Set<string>();
    for (const [name, definition] of Object.entries(types)) {
      let chosen = isTypeName(name) ? name : `${name}_`;
      const isTaken = () =>
        taken.has(chosen) || (this.#differs(name) && taken.has(`${chosen}Input`));
      while (isTaken() || !isTypeName(chosen)) chosen += "_";
      taken.add(chosen);
      if (definition.kind !== "enum" && this.#differs(name)) taken.add(`${chosen}Input`);
      this.#names.set(name, chosen);
    }
  }

  readonly nameOf = (name: string, place: Place): string => {
    const isInput = place !== "output" && this.#differs(name);
    const key = `${name} ${isInput ? "input" : "output"}`;
    if (!this.#used.has(key)) {
      this.#used.add(key);
      for (const type of partsOf(this.#definition(name))) {
        typeText(type, isInput ? "input" : "output", this.nameOf);
      }
    }
    return `${this.#names.get(name)}${isInput ? "Input" : ""}`;
  };

  /** In the script's order. */
  declarations(): string[] {
    return Object.keys(this.#types).flatMap((name) =>
      (["output", "input"] as const)
        .filter((place) => this.#used.has(`${name} ${place}`))
        .map((place) => this.#declaration(name, place)),
    );
  }

  #declaration(name: string, place: "input" | "output"): string {
    const definition = this.#definition(name);
    const typeName = this.nameOf(name, place);
    const text = (type: PythonType) => typeText(type, place, this.nameOf);
    const doc = docComment(definition.doc === null ? [] : [definition.doc], "");
    switch (definition.kind) {
      case "enum":
        return `${doc}export type ${typeName} = ${literals(definition.values).join(" | ")};\n`;
      case "alias":
        return `${doc}export type ${typeName} = ${text(definition.to)};\n`;
      case "tuple": {
        const items = definition.fields.map((field) => `${field.name}: ${text(field.type)}`);
        return `${doc}export type ${typeName} = [${items.join(", ")}];\n`;
      }
      case "object": {
        const fields = definition.fields
          .filter((field) => field[place] !== "absent")
          .map((field) => `  ${fieldKey(field, place)}: ${text(field.type)};\n`);
        if (fields.length === 0) return `${doc}export type ${typeName} = Record<string, never>;\n`;
        return `${doc}export interface ${typeName} {\n${fields.join("")}}\n`;
      }
    }
  }

  #definition(name: string): Definition {
    const found = this.#types[name];
    if (found === undefined) throw new Error(`the description refers to ${name}, which it lacks`);
    return found;
  }

  #differs(name: string, above: readonly string[] = []): boolean {
    if (above.includes(name)) return false;
    const definition = this.#definition(name);
    const isOwn =
      definition.kind === "object" && definition.fields.some((f) => f.input !== f.output);
    const inside = (type: PythonType): boolean => {
      if (type.type === "bytes") return true;
      if (type.type === "ref") return this.#differs(type.name, [...above, name]);
      return innerTypes(type).some(inside);
    };
    return isOwn || partsOf(definition).some(inside);
  }
}

function fieldKey(field: Field, place: "input" | "output"): string {
  return propertyKey(field.name) + (field[place] === "optional" ? "?" : "");
}

function partsOf(definition: Definition): PythonType[] {
  switch (definition.kind) {
    case "object":
    case "tuple":
      return definition.fields.map(({ type }) => type);
    case "alias":
      return [definition.to];
    case "enum":
      return [];
  }
}

function innerTypes(type: PythonType): readonly PythonType[] {
  switch (type.type) {
    case "list":
      return [type.item];
    case "dict":
      return [type.value];
    case "tuple":
      return type.items;
    case "union":
      return type.of;
    default:
      return [];
  }
}
