/** A short, safe rendering of any value for an error message: what was found. */
export function show(value: unknown): string {
  switch (typeof value) {
    case "string":
      return clip(JSON.stringify(value));
    case "bigint":
      return clip(`${value}n`);
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

function clip(text: string): string {
  return text.length <= 80 ? text : `${text.slice(0, 77)}… (${text.length} characters)`;
}
