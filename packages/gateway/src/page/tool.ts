/** JSON Schema, as far as a form is made of it. */
export interface Schema {
  readonly type?: string | readonly string[];
  readonly description?: string;
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly anyOf?: readonly Schema[];
  readonly items?: Schema;
  readonly properties?: Readonly<Record<string, Schema>>;
  readonly required?: readonly string[];
}

export interface Tool {
  readonly name: string;
  readonly full_name: string;
  readonly resource_type: string | null;
  readonly description: string;
  readonly parameters: Schema;
}

/** What a value that may be null is when it is not. */
export function withoutNull(schema: Schema): Schema {
  const others = schema.anyOf?.filter(({ type }) => type !== "null");
  const [only] = others ?? [];
  if (only === undefined || others?.length !== 1) return schema;
  const { anyOf: _, ...rest } = schema;
  return { ...only, ...rest };
}

/** For people: `integer`, `string or null`, `list of number`. */
export function typeName({ type, enum: choices, anyOf, items }: Schema): string {
  if (choices !== undefined) return choices.map((choice) => JSON.stringify(choice)).join(" or ");
  if (anyOf !== undefined) return anyOf.map(typeName).join(" or ");
  if (type === "array") return items?.type === undefined ? "list" : `list of ${typeName(items)}`;
  if (typeof type === "string") return type;
  return type === undefined ? "any value" : type.join(" or ");
}

/** As `query: string, top_k: integer = 5`. */
export function signature({ properties = {}, required = [] }: Schema): string {
  const one = ([name, schema]: [string, Schema]) => {
    const general = schema.default === undefined ? "?" : ` = ${JSON.stringify(schema.default)}`;
    return `${name}: ${typeName(schema)}${required.includes(name) ? "" : general}`;
  };
  return Object.entries(properties).map(one).join(", ");
}
