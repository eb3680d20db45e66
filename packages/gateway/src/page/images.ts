const signature = "iVBORw0KGgo"; // of PNG, in base64
const dataUrl = "data:image/png;base64,";
const maxImages = 20;

export interface Image {
  /** Where it is in the value, as `data.figures[0]`. */
  readonly path: string;
  readonly bytes: Uint8Array<ArrayBuffer>;
}

/** The PNG pictures in a value, which are there as base64 or data URLs. */
export function imagesIn(value: unknown, path = "data", found: Image[] = []): Image[] {
  if (found.length >= maxImages) return found;
  if (typeof value === "string") {
    const base64 = value.startsWith(dataUrl) ? value.slice(dataUrl.length) : value;
    const bytes = base64.startsWith(signature) ? decode(base64) : undefined;
    if (bytes !== undefined) found.push({ path, bytes });
  } else if (Array.isArray(value)) {
    for (const [index, item] of value.entries()) imagesIn(item, `${path}[${index}]`, found);
  } else if (typeof value === "object" && value !== null) {
    for (const [key, item] of Object.entries(value)) imagesIn(item, `${path}.${key}`, found);
  }
  return found;
}

function decode(base64: string): Uint8Array<ArrayBuffer> | undefined {
  try {
    return Uint8Array.from(atob(base64), (character) => character.charCodeAt(0));
  } catch {
    return undefined; // A text that only begins like one.
  }
}
