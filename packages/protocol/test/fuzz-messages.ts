// Hostile messages, made of good and bad fields. Imports nothing: the differential run
// (scripts/differential) loads this file as it is, without a build.

/** How many inputs a campaign runs (`pnpm campaign:<name> --size N`), or the short form of the tests. */
export function campaignSize(short: number): number {
  return Number(process.env.TR_CAMPAIGN_SIZE ?? short);
}

/** `pnpm campaign:<name> --seed N`; the ordinary tests always run the same inputs. */
export const campaignSeed = Number(process.env.TR_CAMPAIGN_SEED ?? 1);

/** Integers from 0 to 2^32 - 1, the same for the same seed (xorshift32). */
export type Random = () => number;

export function randomWords(seed: number): Random {
  let state = (Math.imul(seed + 1, 0x9e3779b1) ^ 0x2545f491) | 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return state >>> 0;
  };
}

const pick = <T>(random: Random, list: readonly T[]): T => list[random() % list.length] as T;

const texts = [
  ...["", "a", "r-1", "matmul", "a b", "a,b", " x ", "../x", "a/b", "ä", "\\u0000", "\\ud800"],
  ...[
    "\\ud83d\\ude00",
    "😀",
    "\u2028",
    "\u00a0",
    "\\u0020",
    "\\n",
    "__proto__",
    "ok",
    "error",
    "value",
  ],
  ...["$tensor", "nan", "-inf", "0", "-0", "01", "12345678901234567890", "x".repeat(65), "\u007f"],
].map((text) => `"${text}"`);
const numbers = [
  ...[
    "0",
    "-0",
    "1",
    "2",
    "2.0",
    "2e0",
    "-1",
    "0.5",
    "1e300",
    "1e999",
    "-1e999",
    "1E-400",
    "5e-324",
  ],
  ...[
    "9007199254740991",
    "9007199254740992",
    "18446744073709551616",
    "1.7976931348623157e308",
    "0.1",
  ],
  ...[`1${"0".repeat(400)}`, "123456789012", "-0.0", "1e16", "1e21"],
];
const words = ["null", "true", "false"];
const broken = [
  "NaN",
  "Infinity",
  "-Infinity",
  "undefined",
  "01",
  "1.",
  ".5",
  "+1",
  "'a'",
  "0x10",
  "",
];
const keys = ["a", "b", "", "0", "10", "__proto__", "constructor", "$", "$x", "ä", "\\ud800", "a"];
const floats = ["nan", "inf", "-inf", "NaN", "Infinity", ""].map((text) => `"${text}"`);
const digits = [
  ...["0", "-0", "7", "-7", "007", "+7", "1e3", "", "-", "--1", "١", "9007199254740993"],
  ...[
    "9".repeat(4300),
    `-${"9".repeat(4300)}`,
    "9".repeat(4301),
    `-${"9".repeat(4301)}`,
    `${2 ** 60}`,
  ],
].map((text) => `"${text}"`);

/** How deep `nest` goes: around the protocol's bound of 256; TypeScript's parser takes any depth. */
export const depths = [1, 2, 100, 254, 255, 256, 257, 300];

function nest(random: Random, inner: string, deepest: readonly number[]): string {
  const depth = pick(random, deepest);
  const [open, close] = pick(random, [
    ["[", "]"],
    ['{"a":', "}"],
    ['{"$dict":{"a":', "}}"],
  ] as const);
  return open.repeat(depth) + inner + close.repeat(depth);
}

/** The JSON text of a value with markers, wrong ones and nesting in it. */
export function anyValue(random: Random, depth = 0, deepest = depths): string {
  const kind = random() % 20;
  if (kind < 3) return pick(random, texts);
  if (kind < 6) return pick(random, numbers);
  if (kind < 7) return pick(random, words);
  if (kind < 8) return `{"$tensor":${pick(random, texts)}}`;
  if (kind < 9) return `{"$float":${pick(random, floats)}}`;
  if (kind < 10) return `{"$int":${pick(random, digits)}}`;
  if (depth > 3) return "[]";
  if (kind < 11) return `{"$dict":${anyValue(random, depth + 1, deepest)}}`;
  if (kind < 12)
    return `{${pick(random, ['"$int"', '"$tensor"', '"$dict"', '"$"'])}:${anyValue(random, depth + 1, deepest)}}`;
  if (kind === 12 && random() % 8 === 0) return nest(random, anyValue(random, 4, deepest), deepest);
  const items = Array.from({ length: random() % 4 }, () => {
    const value = anyValue(random, depth + 1, deepest);
    return kind < 16 ? value : `"${pick(random, keys)}":${value}`;
  });
  return kind < 16 ? `[${items}]` : `{${items}}`;
}

const names = ['"r-1"', '"a"', '"Z_9"', `"${"x".repeat(64)}"`];
const counts = ["0", "1", "2", "77"];
const sentences = ['"a b"', '"a,b"', '""', '"text"', "null"];
const errors = [
  '{"type":"E","message":"m","traceback":"t"}',
  '{"type":"E","message":null,"module":"builtins","code":"TR_PYTHON_ERROR","commands":["a"]}',
  "{}",
];
const values = ["1", '{"$tensor":"a"}', "[1,2]", "{}"];

type Fields = readonly (readonly [key: string, good: readonly string[], leftOut: number])[];

/** By file: the fields, texts that they may hold, and in how many of eight cases they are left out. */
const fields = {
  request: [
    ["cmd", ['"f"', '"matmul"', "null"], 3],
    ["params", sentences, 3],
    ["command", ['"f"', '"matmul"', '"exit"'], 3],
    ["parameters", sentences, 3],
    ["message", sentences, 7],
    ["timestamp", ["1699123456789"], 4],
    ["id", names, 2],
    ["protocol", ["2", "2", "2.0"], 3],
    ["args", ["[]", "[1]", '[{"$tensor":"a"},"x"]'], 4],
    ["kwargs", ["{}", '{"k":1}'], 5],
    ["stream", ["true", "false"], 5],
    ["deadline_ms", ["0", "250", "0.5", "null"], 5],
  ],
  response: [
    ["cmd", ['""', '"f"'], 3],
    ["params", sentences, 2],
    ["command", ['"f"'], 3],
    ["result", ['"ok"', '"error"', "null"], 4],
    ["message", sentences, 4],
    ["tensors", ["[]", '["a"]', '["a","b"]', "null"], 4],
    ["id", [...names, "null"], 3],
    ["seq", counts, 2],
    ["final", ["true", "false"], 2],
    ["kind", ['"value"', '"item"', '"progress"', '"error"'], 2],
    ["value", values, 4],
    ["error", errors, 3],
  ],
  worker: [
    ["protocol", ["2"], 1],
    ["pid", ["1", "4711"], 1],
    ["python", ['"3.11.7"'], 1],
    ["packages", ["{}", '{"numpy":"2.4.0"}'], 1],
    ["commands", ["[]", '["matmul"]'], 1],
    ["concurrency", ["1", "8"], 5],
  ],
  host: [
    ["pid", ["1", "4711"], 1],
    ["start_time", sentences, 4],
    ["boot_id", sentences, 4],
    ["pid_namespace", sentences, 4],
  ],
  heartbeat: [
    ["seq", counts, 1],
    ["timestamp", ["1699123456789", "0.5"], 1],
    ["phase", ['"ready"', '"busy"'], 1],
    ["id", [...names, "null"], 4],
  ],
  cancel: [["id", names, 1]],
  credit: [["granted", ["{}", '{"a":3}', '{"a":0,"r-1":9007199254740991}'], 1]],
} as const satisfies Record<string, Fields>;

export type Kind = keyof typeof fields;
export const kinds = Object.keys(fields) as Kind[];

const wordsOfFiles = ["ready", "busy", "ok", "error: x", "error:", "exit", "exiting", "terminated"];
const blanks = ["", " ", "\n", "\t\r\n", "\u00a0", "\ufeff", "\u2003", "\v"];
const inserts = [
  ..."\"'{}[],:\\0-e.\n\0\x7f",
  "\\u",
  "\\ud800",
  "\ud83d",
  '"$tensor":',
  "null",
  "1e9",
  "\ufeff",
];

/** Bare text as people and old programs write it. */
export function anyText(random: Random): string {
  const word = pick(
    random,
    random() % 2 ? wordsOfFiles : ["matmul a b", "hello\tbig\r\nworld", "x", ""],
  );
  return pick(random, blanks) + word + pick(random, blanks);
}

/** The text of a message file: most fields right, some hostile; sometimes damaged as text. */
export function anyMessage(random: Random, kind: Kind, deepest = depths): string {
  if (random() % 12 === 0) return anyText(random);
  const parts: string[] = [];
  const hostile = random() % 3;
  for (const [key, good, leftOut] of fields[kind] as Fields) {
    if (random() % 8 < leftOut) continue;
    const bad = hostile > 0 && random() % 8 === 0;
    const value = bad ? anyValue(random, 0, deepest) : pick(random, good);
    parts.push(`"${key}":${random() % 400 ? value : pick(random, broken)}`);
    if (random() % 64 === 0) parts.push(`"${key}":${pick(random, good)}`);
  }
  if (hostile > 1 && random() % 4 === 0) {
    parts.push(`"${pick(random, keys)}":${anyValue(random, 0, deepest)}`);
  }
  if (random() % 8 === 0) parts.reverse();
  const text = `{${parts}}`;
  return random() % 16 ? text : damaged(random, text);
}

export function damaged(random: Random, text: string): string {
  let result = random() % 4 ? text : pick(random, blanks) + text + pick(random, blanks);
  for (let changes = random() % 3; changes > 0; changes--) {
    const at = random() % (result.length + 1);
    const insert = random() % 3 ? pick(random, inserts) : "";
    result = result.slice(0, at) + insert + result.slice(at + (random() % 3));
  }
  return random() % 8 ? result : result.slice(0, random() % (result.length + 1));
}

/** Bytes of it, of which a few are no UTF-8. */
export function toBytes(random: Random, text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  if (random() % 32 === 0 && bytes.length > 0) bytes[random() % bytes.length] = random();
  return bytes;
}

const shown = new DataView(new ArrayBuffer(8));

/** A number by its bits, as both languages can: 1 and 1.0 are the same, and so are 0 and -0. */
function describeNumber(value: number): string {
  if (Number.isNaN(value)) return "nan";
  if (Number.isSafeInteger(value)) return String(value === 0 ? 0 : value);
  shown.setFloat64(0, value);
  return `d${shown.getBigUint64(0).toString(16).padStart(16, "0")}`;
}

export function describeText(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/** A tensor in what `decodeValue` gives here. */
export class Tag {
  readonly tag: string;
  constructor(tag: string) {
    this.tag = tag;
  }
}

/** A decoded value as a text that is the same in Python (scripts/differential/answers.py). */
export function describeValue(value: unknown): string {
  if (value === null || typeof value === "boolean") return String(value);
  if (typeof value === "number") return describeNumber(value);
  // A big integer is compared as the nearest number: Python does not keep 5 and {"$int": "5"} apart.
  if (typeof value === "bigint") return describeNumber(Number(value));
  if (typeof value === "string") return describeText(value);
  if (value instanceof Tag) return `T${value.tag}`;
  if (Array.isArray(value)) return `[${value.map(describeValue)}]`;
  const entries = Object.entries(value as object).map(
    ([key, item]) => `${describeText(key)}:${describeValue(item)}`,
  );
  return `{${entries.sort()}}`;
}
