import { type ParseArgsConfig, parseArgs } from "node:util";
import { UsageError } from "./errors.js";

type Options = NonNullable<ParseArgsConfig["options"]>;

/** Of the commands that start Python. */
export const pythonOption = { python: { type: "string" } } as const;

/**
 * The options and the words of a command. A negative number is a word, which `parseArgs` would take
 * for options of one letter.
 *
 * @throws UsageError, and the errors of `parseArgs`
 */
export function readArguments<const T extends Options>(args: readonly string[], options: T) {
  const isNumber = (word: string) => /^-\.?\d/.test(word);
  const marked = args.map((word) => (isNumber(word) ? `\0${word}` : word));
  const { values, positionals } = parseArgs({
    args: marked,
    options,
    allowPositionals: true,
  });
  return { values, words: positionals.map((word) => word.replace(/^\0/, "")) };
}

/** A value from the shell: JSON where it is, else the text. Integers keep all their digits. */
export function readValue(text: string): unknown {
  if (/^-?(0|[1-9]\d*)$/.test(text) && !Number.isSafeInteger(Number(text))) return BigInt(text);
  try {
    return JSON.parse(text);
  } catch {
    return text; // no JSON: a word, a path, a name
  }
}

/** `name=value`, the value as {@link readValue}. @throws UsageError */
export function readPair(text: string): [name: string, value: unknown] {
  const [, name, value] = /^([^=]+)=(.*)$/s.exec(text) ?? [];
  if (name === undefined || value === undefined) {
    throw new UsageError(`--kwarg: expected name=value, found ${JSON.stringify(text)}`);
  }
  return [name, readValue(value)];
}

/** @throws UsageError */
export function readMilliseconds(name: string, text: string): number {
  const value = Number(text);
  if (value > 0 && Number.isFinite(value)) return value;
  throw new UsageError(
    `--${name}: expected a number of milliseconds > 0, found ${text.replace("\0", "")}`,
  );
}
