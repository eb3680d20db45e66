/**
 * Flat arguments as the words of a level 1 request.
 *
 * @param tagOf the tag of a tensor, undefined for anything that is not one
 * @returns `tags`: there are words and every one is a tag. Undefined when an argument has no
 *   spelling as a word (a boolean, null, an object, NaN, an empty string among others): that needs
 *   level 2.
 */
export function argsToWords(
  args: readonly unknown[],
  tagOf: (value: unknown) => string | undefined,
): { words: string; tags: boolean } | undefined {
  const words: string[] = [];
  let tags = args.length > 0;
  for (const value of args) {
    const tag = tagOf(value);
    const word = tag ?? toWord(value);
    if (word === undefined || (word === "" && args.length > 1)) return undefined;
    if (tag === undefined) tags = false;
    words.push(word);
  }
  return { words: words.join(" "), tags };
}

function toWord(value: unknown): string | undefined {
  if (typeof value === "string") return value;
  if (typeof value === "bigint") return value.toString();
  return typeof value === "number" && Number.isFinite(value) ? String(value) : undefined;
}
