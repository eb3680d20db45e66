// Made from wide.py by tr types. Make it anew when the signatures change.
// The command "then" is left out: an object with it could not be awaited. session.call("then") works.
import type { Tensor, TypedCallOptions, TypedServer, TypedStreamOptions } from "@tr/session";

/** A rectangle in pixels, inclusive *\/ of its border. */
export interface Box {
  x: number;
  y: number;
  label?: string;
}

/** What a box is painted with. */
export type Colour = "red" | "green";

export interface Limits {
  low?: number;
  high?: number;
}

export type Point = [x: number, y: number];

export type Priority = 1 | 2;

/** A picture with its name. */
export interface Image {
  name: string;
  pixels: Tensor;
  raw: Tensor<"uint8">;
  boxes: Box[];
  digest: string;
}

/** A picture with its name. */
export interface ImageInput {
  name: string;
  pixels: Tensor;
  raw: Uint8Array | Tensor<"uint8">;
  boxes?: Box[];
}

export interface Node {
  value: number;
  children: Node[];
}

export interface NodeInput {
  value: number;
  children?: NodeInput[];
}

export interface LateJob {
  name: string;
  folder: string;
  starts: string;
  takes: number;
  price: string;
  colours: Colour[];
  id: string | null;
  key: string;
  days: string[];
}

export interface LateJobInput {
  name: string;
  folder: string;
  starts: string;
  takes: number;
  price: string;
  seed?: number;
  colours?: Colour[];
  id?: string | null;
  days?: string[];
}

/** Values that are no texts of their own. */
export type Step = "2026-01-01" | 0.5;

/** The commands of wide.py. */
export interface Server {
  /** Five scalars and bytes. */
  scalars(
    i: number | bigint,
    f: number,
    s: string,
    b: boolean,
    n: null,
    raw: Uint8Array | Tensor<"uint8">,
    callOptions?: TypedCallOptions,
  ): Promise<(number | string | boolean | null)[]>;

  /**
   * The product a @ b.
   *
   * @param a - The left factor, of shape [n, k].
   * @param b - The right factor, of shape [k, m].
   * @returns A tensor of shape [n, m].
   */
  matmul(a: Tensor, b: Tensor, callOptions?: TypedCallOptions): Promise<Tensor>;

  /** Annotated with a library that only type checkers import. */
  on_torch(
    x: Tensor,
    options?: {
      /** Default: null. */
      many?: readonly Tensor[] | null | undefined;
    },
    callOptions?: TypedCallOptions,
  ): Promise<{ [key: string]: Tensor }>;

  quoted(
    x: Tensor,
    options?: {
      /** Default: null. */
      maybe?: Box | null | undefined;
    },
    callOptions?: TypedCallOptions,
  ): Promise<[number, string]>;

  /**
   * Finds objects.
   *
   * @param image - The picture, [height, width, 3].
   * @returns The boxes, best first.
   */
  detect(
    image: Tensor,
    options?: {
      /** From 0 to 1. Default: 0.5. */
      threshold?: number | undefined;
      /** Default: ["cat","dog"]. */
      labels?: readonly string[] | undefined;
      /** Default: "red". */
      colour?: Colour | undefined;
      /** Default: null. */
      limits?: Limits | null | undefined;
    },
    callOptions?: TypedCallOptions,
  ): Promise<Box[]>;

  containers(
    pair: readonly [number | bigint, string],
    many: readonly number[],
    nested: { readonly [key: string]: readonly { readonly [key: string]: number | bigint }[] },
    table: { readonly [key: string]: readonly Point[] },
    empty: readonly [],
    callOptions?: TypedCallOptions,
  ): Promise<[{ [key: string]: unknown }, unknown[]]>;

  choices(
    mode: "fast" | "exact" | 3 | true | null,
    either: number | bigint | string | readonly (number | bigint)[],
    user: number | bigint,
    options?: {
      /** Default: 1. */
      priority?: Priority | undefined;
      /** Default: "". */
      note?: string | undefined;
    },
    callOptions?: TypedCallOptions,
  ): Promise<"fast" | number>;

  classes(
    image: ImageInput,
    tree: NodeInput,
    box: Box,
    callOptions?: TypedCallOptions,
  ): Promise<Image | Node | null>;

  same_image(image: ImageInput, callOptions?: TypedCallOptions): Promise<Box>;

  "image:describe"(
    image: Tensor,
    options?: {
      /** Default: false. */
      verbose?: boolean | undefined;
    },
    callOptions?: TypedCallOptions,
  ): Promise<{ [key: string]: unknown }>;

  keywords_only(
    a: number | bigint,
    scale: number,
    options?: {
      /** Default: 0. */
      offset?: number | undefined;
    },
    callOptions?: TypedCallOptions,
  ): Promise<number>;

  positional_only(
    a: number | bigint,
    options?: {
      /** Default: 2. */
      b?: number | bigint | undefined;
      /** Default: 3. */
      c?: number | bigint | undefined;
      /** Default: 4. */
      d?: number | bigint | undefined;
    },
    callOptions?: TypedCallOptions,
  ): Promise<number[]>;

  variadic(
    first: string,
    options?: {
      /** Default: "2nd". */
      second?: string | undefined;
      rest?: readonly (number | bigint)[] | undefined;
      more?: { readonly [key: string]: number } | undefined;
    },
    callOptions?: TypedCallOptions,
  ): Promise<unknown[]>;

  untyped(
    x: unknown,
    options?: {
      /** Default: 1. */
      y?: unknown;
      /** Default: null. */
      new?: unknown;
    },
    callOptions?: TypedCallOptions,
  ): Promise<unknown>;

  /** Classes of the standard library. */
  standard(
    job: LateJobInput,
    step: Step,
    access: number | bigint,
    options?: {
      /** Default: "12:30:00". */
      at?: string | undefined;
      /** Default: "data/in". */
      folder?: string | undefined;
      /** Default: [0.5]. */
      sizes?: readonly number[] | undefined;
      /** Default: null. */
      colour?: Colour | null | undefined;
    },
    callOptions?: TypedCallOptions,
  ): Promise<[LateJob, Step, string, { [key: string]: string }]>;

  numpys(
    x: number,
    n: number | bigint,
    yes: boolean,
    callOptions?: TypedCallOptions,
  ): Promise<{ [key: string]: number }>;

  odd(z: unknown, when: unknown, what: unknown, callOptions?: TypedCallOptions): Promise<unknown>;

  nothing(callOptions?: TypedCallOptions): Promise<null>;

  /** Counts. */
  count(
    to: number | bigint,
    options?: {
      /** Default: 0. */
      start?: number | bigint | undefined;
    },
    callOptions?: TypedStreamOptions,
  ): AsyncIterable<number>;

  ticks(
    options?: {
      /** Default: 1. */
      step?: number | undefined;
    },
    callOptions?: TypedStreamOptions,
  ): AsyncIterable<{ [key: string]: number }>;

  plain_generator(n: number | bigint, callOptions?: TypedStreamOptions): AsyncIterable<unknown>;
}

/** For `session.as(server)`. */
export const server: TypedServer<Server> = {
  hash: "45d1ac1d613a454d",
  commands: {
    scalars: { kind: "function", hash: "cab09c5b26b54239", args: ["i", "f", "s", "b", "n", "raw"] },
    matmul: { kind: "function", hash: "b6fd6b713c5ffb8e", args: ["a", "b"] },
    on_torch: { kind: "function", hash: "9f095c7fadac8df3", args: ["x"], options: ["many"] },
    quoted: { kind: "function", hash: "03d1878d53cc17a6", args: ["x"], options: ["maybe"] },
    detect: {
      kind: "function",
      hash: "08458e690303ee05",
      args: ["image"],
      options: ["threshold", "labels", "colour", "limits"],
    },
    containers: {
      kind: "function",
      hash: "c412fd6547b9ba64",
      args: ["pair", "many", "nested", "table", "empty"],
    },
    choices: {
      kind: "function",
      hash: "cde2ab9aac525aa0",
      args: ["mode", "either", "user"],
      options: ["priority", "note"],
    },
    classes: { kind: "function", hash: "afa42257345592ba", args: ["image", "tree", "box"] },
    same_image: { kind: "function", hash: "58d12992013fa00c", args: ["image"] },
    "image:describe": {
      kind: "function",
      hash: "fe28ff4522801c7a",
      args: ["image"],
      options: ["verbose"],
    },
    keywords_only: {
      kind: "function",
      hash: "d657085ffc11291f",
      args: ["a"],
      keywords: ["scale"],
      options: ["offset"],
    },
    positional_only: {
      kind: "function",
      hash: "57e1375715eb0c18",
      args: ["a"],
      options: ["b", "c", "d"],
      positional: ["b", "c"],
    },
    variadic: {
      kind: "function",
      hash: "e9414245c739ab99",
      args: ["first"],
      options: ["second", "rest", "more"],
      beforeRest: ["second"],
      rest: "rest",
      more: "more",
    },
    untyped: { kind: "function", hash: "f414d540ba7714b7", args: ["x"], options: ["y", "new"] },
    standard: {
      kind: "function",
      hash: "449e578634ba4037",
      args: ["job", "step", "access"],
      options: ["at", "folder", "sizes", "colour"],
    },
    numpys: { kind: "function", hash: "c7062faec659e78a", args: ["x", "n", "yes"] },
    odd: { kind: "function", hash: "0a7d72f619d84ea3", args: ["z", "when", "what"] },
    nothing: { kind: "function", hash: "33f6a26fcd0a5593" },
    count: { kind: "stream", hash: "42a2c6f996aafb6a", args: ["to"], options: ["start"] },
    ticks: { kind: "stream", hash: "eb64b149e8eb4ab6", options: ["step"] },
    plain_generator: { kind: "stream", hash: "3c4ad64ff8b7348d", args: ["n"] },
  },
} as const;
