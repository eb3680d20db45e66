/** Milliseconds since 1970: for what is told, or outlives this process. What only measures takes performance.now(). */
export const timestampMs = (): number => Date.now();
