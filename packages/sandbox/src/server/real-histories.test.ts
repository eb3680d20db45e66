import { setTimeout as sleep } from "node:timers/promises";
import { expect, it } from "vitest";
import { useBackEnds } from "../../test/back-ends.js";
import type { SandboxServer } from "./sandbox-server.js";

/** `pnpm campaign:sandbox-histories --size N`: how much each of the clients does. */
const size = Number(process.env.TR_CAMPAIGN_SIZE ?? 20);
const timeout = process.env.TR_CAMPAIGN_SIZE === undefined ? 60_000 : 24 * 3_600_000;
const seed = Number(process.env.TR_CAMPAIGN_SEED ?? 1);
/** More of them would be five crashes within three minutes. */
const mostKills = 3;

const here = useBackEnds();

/** Numbers from 0 to 1, the same for the same seed (mulberry32). */
function random(state: number): () => number {
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One after the other, what a client may do in its life, and what may happen to it. */
async function live(server: SandboxServer, worker_id: string, chance: () => number) {
  const session = { worker_id, resource_type: "logged" };
  const call = (name: string, params = {}, timeout?: number, signal?: AbortSignal) =>
    server.execute({ worker_id, action: `logged:${name}`, params, timeout }, { signal });
  const ms = (most: number) => Math.floor(chance() * most);
  const acts: [weight: number, act: () => Promise<unknown>][] = [
    [20, () => server.createSession(session)],
    [10, () => server.destroySession(session)],
    [4, () => server.disconnect({ worker_id })],
    [30, () => call("note", { word: "x" })],
    [6, () => call("fail", { word: "oh" })],
    [6, () => call("nap", { seconds: chance() * 0.05 }, 0.02)],
    [4, () => call("nap", { seconds: 60 }, undefined, AbortSignal.timeout(ms(20)))],
    [3, () => Promise.all([call("nap", { seconds: 60 }, 1), server.disconnect({ worker_id })])],
    [3, () => server.createSession({ ...session, session_config: { fail: "initialize" } })],
    [8, () => sleep(ms(10))],
    [2, () => Promise.all([server.createSession(session), server.destroySession(session)])],
  ];
  const urn = acts.flatMap(([weight, act]) => new Array(weight).fill(act) as (typeof act)[]);
  for (let i = 0; i < size; i++) await urn[ms(urn.length)]?.();
}

it.each(["shared", "session"] as const)(
  "cleans up once what was initialized and has not died, whatever clients do, with isolation %s",
  { timeout },
  async (isolation) => {
    const chance = random(seed);
    const server = await here.server(here.options({ isolation }));
    const workers = Array.from({ length: isolation === "shared" ? 12 : 3 }, (_, i) => `w${i}`);
    let kills = 0;
    const living = workers.map((worker_id) => live(server, worker_id, random(chance() * 2 ** 32)));
    const murder = (async () => {
      for (; kills < mostKills; kills++) {
        await sleep(Math.floor(chance() * 300));
        await server.execute({ worker_id: "murderer", action: "logged:kill" });
      }
    })();
    await Promise.all([...living, murder]);
    await server.close();
    const stories = here.stories();
    let cleanups = 0;
    for (const lines of stories) {
      const died = lines.includes("killed");
      const open = new Map<string, number>();
      for (const line of lines) {
        const [what, worker = ""] = line.split(" ");
        const count = open.get(worker) ?? 0;
        if (what === "initialize") open.set(worker, count + 1);
        if (what !== "cleanup") continue;
        cleanups++;
        expect(count, `${line} of what is not there`).toBeGreaterThan(0);
        open.set(worker, count - 1);
      }
      const left = [...open].filter(([, count]) => count > 0);
      if (!died) expect(left, "initialized and not cleaned up").toEqual([]);
      expect(lines[0]).toBe("warmup");
      expect(lines.filter((line) => line === "warmup")).toHaveLength(1);
      if (!died) expect(lines.indexOf("shutdown")).toBe(lines.length - 1);
    }
    const { length } = stories;
    console.log(
      `isolation ${isolation}: ${length} processes, ${mostKills} killed, ${cleanups} cleanups, seed ${seed}`,
    );
    expect(stories.filter((lines) => lines.includes("killed"))).toHaveLength(mostKills);
    expect(cleanups).toBeGreaterThan(10);
  },
);
