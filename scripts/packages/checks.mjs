import { availableParallelism } from "node:os";

/** Runs checks, a few at once, and prints a line for each. A check fails by throwing. */
export function createChecks(slots = availableParallelism()) {
  let failures = 0;
  const queue = [];
  const enter = () => (slots > 0 ? slots-- : new Promise((resolve) => queue.push(resolve)));
  const leave = () => {
    const next = queue.shift();
    if (next) next();
    else slots++;
  };
  return {
    /** True when it passed. The text that `body` gives stands behind its name. */
    async check(name, body) {
      await enter();
      const started = performance.now();
      const seconds = () => `${((performance.now() - started) / 1000).toFixed(1)} s`;
      try {
        const detail = await body();
        console.log(`✓ ${name}${detail ? `: ${detail}` : ""} (${seconds()})`);
        return true;
      } catch (error) {
        failures++;
        console.error(
          `✗ ${name} (${seconds()})\n${error instanceof Error ? error.message : error}`,
        );
        return false;
      } finally {
        leave();
      }
    },
    failures: () => failures,
  };
}
