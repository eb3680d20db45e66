import { expect, it, vi } from "vitest";
import { script, usePools } from "../test/pools.js";

const pools = usePools();
const times = (count: number) => Array.from({ length: count }, (_, i) => i);
const wait = { timeout: 30_000 };
const options = { script: script("pooled.py"), spawn: "fork-server" as const };

it("hands the way workers come to be on to its sessions", () => {
  expect(() => pools.make({ spawn: "thread" as "process" })).toThrow(/option spawn: expected one/);
});

if (process.platform === "linux") {
  it("has its workers forked from one process, also those that take another's place", async () => {
    const pool = await pools.ready({ ...options, size: 3, recycle: { calls: 2 } });
    const parents = await Promise.all(times(12).map(() => pool.call<number>("parent")));
    expect(new Set(parents).size).toBe(1);
    await vi.waitUntil(() => pool.stats().restarts >= 3, wait);
    expect(await pool.call("parent")).toBe(parents[0]);
  });

  it("starts workers that are killed, and all when what they were forked from is", async () => {
    const pool = await pools.ready({ ...options, size: 2 });
    const parent = await pool.call<number>("parent");
    const pids = () => pool.stats().perWorker.map(({ pid = 0 }) => pid);
    const [first = 0, second = 0] = pids();
    process.kill(first, "SIGKILL");
    await vi.waitUntil(() => pool.stats().idle === 2 && pids()[0] !== first, wait);
    expect(pids()[1]).toBe(second);
    process.kill(parent, "SIGKILL");
    await vi.waitUntil(() => pool.stats().idle === 2 && pids()[1] !== second, wait);
    expect(await pool.call("parent")).not.toBe(parent);
    expect(pool.stats().restarts).toBe(3);
  });
}
