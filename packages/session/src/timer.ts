/** setTimeout runs at once when it is given more than this. */
const longestMs = 2 ** 31 - 1;

/** Calls `action` after any number of ms, however large. Returns what calls it off. */
export function startTimer(ms: number, action: () => void): () => void {
  let timer: NodeJS.Timeout;
  const arm = (left: number) => {
    const next = Math.min(left, longestMs);
    timer = setTimeout(() => (left > next ? arm(left - next) : action()), next);
  };
  arm(ms);
  return () => clearTimeout(timer);
}
