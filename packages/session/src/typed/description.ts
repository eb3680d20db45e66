/** What `python -m tech_renaissance.describe` prints. */
export interface Description {
  readonly format: 1;
  readonly hash: string;
  readonly commands: readonly DescribedCommand[];
  readonly types: Readonly<Record<string, Definition>>;
  readonly warnings: readonly string[];
}

export interface DescribedCommand {
  readonly name: string;
  readonly kind: "function" | "stream";
  readonly doc: string | null;
  readonly parameters: readonly DescribedParameter[];
  /** Of a stream: what it yields. */
  readonly returns: PythonType;
  readonly hash: string;
}

export interface DescribedParameter {
  readonly name: string;
  readonly kind:
    | "positional_only"
    | "positional_or_keyword"
    | "var_positional"
    | "keyword_only"
    | "var_keyword";
  readonly required: boolean;
  /** Absent when there is none, or none that JSON can hold. */
  readonly default?: unknown;
  readonly type: PythonType;
}

type Simple = "int" | "float" | "str" | "bool" | "none" | "bytes" | "tensor" | "any" | "unknown";

export type PythonType =
  | { readonly type: Simple }
  | { readonly type: "list"; readonly item: PythonType }
  | { readonly type: "dict"; readonly value: PythonType }
  | { readonly type: "tuple"; readonly items: readonly PythonType[] }
  | { readonly type: "literal"; readonly values: readonly (string | number | boolean | null)[] }
  | { readonly type: "union"; readonly of: readonly PythonType[] }
  | { readonly type: "ref"; readonly name: string };

type Presence = "required" | "optional" | "absent";

export interface Field {
  readonly name: string;
  readonly type: PythonType;
  readonly input: Presence;
  readonly output: Presence;
}

export type Definition = { readonly doc: string | null } & (
  | { readonly kind: "object"; readonly fields: readonly Field[] }
  | { readonly kind: "tuple"; readonly fields: readonly Pick<Field, "name" | "type">[] }
  | { readonly kind: "enum"; readonly values: readonly (string | number | boolean | null)[] }
  | { readonly kind: "alias"; readonly to: PythonType }
);
