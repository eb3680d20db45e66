/** A short, safe rendering of any value for an error message: what was found. */
export function show(value: unknown): string {
  switch (typeof value) {
    case "string":
      return clip(value, (text) => JSON.stringify(text));
    case "bigint":
      return `${clip(value.toString(), (text) => text)}n`;
    case "number":
    case "boolean":
    case "undefined":
      return String(value);
    case "function":
    case "symbol":
      return `a ${typeof value}`;
    default:
      if (value === null) return "null";
      return Array.isArray(value) ? `an array of ${value.length}` : "an object";
  }
}

const limit = 80;

/** Cuts first and quotes then: a text can be as large as a file. */
function clip(text: string, quote: (text: string) => string): string {
  if (text.length <= limit) return quote(text);
  return `${quote(text.slice(0, limit))}… (${text.length} characters)`;
}
