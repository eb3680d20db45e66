const first = 32;
const looksPerStep = 8;
const last = 1024;

/**
 * Milliseconds until the next look after so many empty ones: 32, doubled after every 8, up to 1,024.
 */
export function pollIntervalMs(misses: number): number {
  return Math.min(last, first * 2 ** Math.floor(misses / looksPerStep));
}
