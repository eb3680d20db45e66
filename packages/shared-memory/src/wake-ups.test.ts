import { afterEach, describe, expect, it } from "vitest";
import { missing, startWorker, type TestWorker, ways } from "./worker.fixture.js";

/** `pnpm campaign:wake-ups --size N`: how many calls go to each way; half of them find the worker about to sleep, or asleep. */
const size = Number(process.env.TR_CAMPAIGN_SIZE ?? 4000);
const seed = Number(process.env.TR_CAMPAIGN_SEED ?? 1);
const isCampaign = process.env.TR_CAMPAIGN_SIZE !== undefined;

let worker: TestWorker | undefined;
afterEach(async () => {
  await worker?.close();
  worker = undefined;
});

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function random(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

describe.each(Object.entries(ways))("wake-ups, %s", (name, way) => {
  // Neither side polls: a wake-up that is lost costs the worker's 30 seconds, which the limit below shows.
  it.skipIf(missing(way))(
    "none is lost, whenever the other side falls asleep",
    { timeout: isCampaign ? 24 * 3_600_000 : 60_000 },
    async () => {
      worker = await startWorker(way);
      const chance = random(seed);
      let slowest = 0;
      let inTurns = 0;
      for (let i = 0; i < size; i++) {
        // The worker spins for 200 µs after a message, or for 1 ms of calls that come soon, the host for 100 µs
        // after a request: around all of them.
        const kind = chance();
        const pause = kind < 0.5 ? 0 : kind < 0.75 ? 0.15 + chance() * 0.15 : 0.9 + chance() * 0.3;
        const until = performance.now() + pause;
        if (i % 16 === 0) {
          await new Promise(setImmediate);
          inTurns++;
        }
        while (performance.now() < until) {}
        const message =
          chance() < 0.3
            ? { do: "sleep-at-random", seconds: 0.0002 }
            : { do: "echo", text: String(i) };
        const started = performance.now();
        await worker.call(message);
        slowest = Math.max(slowest, performance.now() - started);
        if (slowest > 20_000) break;
      }
      if (isCampaign) {
        console.log(`${name}: ${size} calls, ${inTurns} turns, slowest ${slowest.toFixed(0)} ms`);
      }
      expect(slowest).toBeLessThan(20_000);
    },
  );
});
