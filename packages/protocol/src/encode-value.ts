import { TrError } from "./errors.js";
import type { JsonObject, JsonValue } from "./json.js";
import { floatName, maxIntDigits, maxValueDepth, setOwn } from "./value-markers.js";

export interface EncodeOptions {
  /** Asked for every object, arrays and typed arrays included. */
  isTensor(value: object): boolean;
  /** Called once for each tensor, however often it turns up; returns its tag. */
  addTensor(tensor: object, path: string): string;
  /** What the outermost value is called in paths: `"args"` gives `args[0].mask`. Default `"value"`. */
  path?: string | undefined;
  /** Tags of the tensors met so far, to share over several calls (args, then kwargs). */
  tags?: Map<object, string> | undefined;
}

interface Walk {
  options: EncodeOptions;
  tags: Map<object, string>;
  keys: (string | number)[];
  above: Set<object>;
}

/**
 * Turns a value into JSON: a tensor becomes `{"$tensor": tag}`, NaN and the infinities
 * `{"$float": …}`, a BigInt `{"$int": …}`; an object of the user's with a key that begins with `$`
 * is wrapped as `{"$dict": …}`. Properties that are undefined are dropped and undefined in an array
 * becomes null, as JSON.stringify does.
 *
 * @throws TrError TR_INVALID_ARGUMENT with the path of what cannot be sent and what to do about it
 */
export function encodeValue(value: unknown, options: EncodeOptions): JsonValue {
  const walk: Walk = { options, tags: options.tags ?? new Map(), keys: [], above: new Set() };
  return encode(value, walk) ?? null;
}

function encode(value: unknown, walk: Walk): JsonValue | undefined {
  switch (typeof value) {
    case "string":
    case "boolean":
    case "undefined":
      return value;
    case "number":
      return Number.isFinite(value) ? value : { $float: floatName(value) };
    case "bigint":
      return encodeBigInt(value, walk);
    case "object":
      return value === null ? null : encodeObject(value, walk);
    default:
      throw refuse(walk, `is a ${typeof value}, which cannot be sent`, "Leave it out.");
  }
}

function encodeBigInt(value: bigint, walk: Walk): JsonValue {
  const digits = value.toString();
  if (digits.length - (value < 0n ? 1 : 0) > maxIntDigits) {
    throw refuse(
      walk,
      `has more than ${maxIntDigits} digits`,
      "Send it as a string of hex digits.",
    );
  }
  return { $int: digits };
}

function encodeObject(value: object, walk: Walk): JsonValue {
  const { options, tags, keys, above } = walk;
  if (options.isTensor(value)) {
    let tag = tags.get(value);
    if (tag === undefined) {
      tag = options.addTensor(value, pathOf(walk));
      tags.set(value, tag);
    }
    return { $tensor: tag };
  }
  if (above.has(value)) throw refuse(walk, "contains itself", "Break the cycle.");
  if (keys.length >= maxValueDepth) {
    throw refuse(walk, `is nested deeper than ${maxValueDepth}`, "Flatten the value.");
  }
  above.add(value);
  const result = Array.isArray(value) ? encodeArray(value, walk) : encodeRecord(value, walk);
  above.delete(value);
  return result;
}

function encodeArray(value: readonly unknown[], walk: Walk): JsonValue[] {
  const result: JsonValue[] = [];
  for (let index = 0; index < value.length; index += 1) {
    walk.keys.push(index);
    result.push(encode(value[index], walk) ?? null);
    walk.keys.pop();
  }
  return result;
}

function encodeRecord(value: object, walk: Walk): JsonObject {
  if (!isPlain(value)) throw refuseInstance(value, walk);
  const result: JsonObject = {};
  let dollar = false;
  for (const key of Object.keys(value)) {
    walk.keys.push(key);
    const encoded = encode((value as Record<string, unknown>)[key], walk);
    walk.keys.pop();
    if (encoded === undefined) continue;
    if (key.charCodeAt(0) === 0x24) dollar = true;
    setOwn(result, key, encoded);
  }
  return dollar ? { $dict: result } : result;
}

/** `{}`, Object.create(null), and plain objects of another realm (a vm context, a test runner). */
function isPlain(value: object): boolean {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

const remedies: ReadonlyMap<unknown, string> = new Map([
  ["Map", "Send Object.fromEntries(map)."],
  ["Set", "Send an array: [...set]."],
  ["Date", "Send date.toISOString() or date.getTime()."],
  ["Promise", "Await it first."],
  ["ArrayBuffer", "Send a Uint8Array of it."],
]);

function refuseInstance(value: object, walk: Walk): TrError {
  const name: unknown = value.constructor?.name;
  const kind = typeof name === "string" && name !== "" ? name : "class instance";
  const remedy = ArrayBuffer.isView(value)
    ? "Send a tensor made of it."
    : "Send a plain object with the same properties.";
  return refuse(walk, `is a ${kind}, which cannot be sent`, remedies.get(name) ?? remedy);
}

function refuse(walk: Walk, problem: string, remedy: string): TrError {
  return new TrError("TR_INVALID_ARGUMENT", `${pathOf(walk)} ${problem}. ${remedy}`);
}

function pathOf({ keys, options }: Walk): string {
  let path = options.path ?? "value";
  for (const key of keys) {
    if (typeof key === "number") path += `[${key}]`;
    else if (/^[A-Za-z_$][\w$]*$/.test(key)) path += `.${key}`;
    else path += `[${JSON.stringify(key)}]`;
  }
  return path;
}
