import { once } from "node:events";
import { readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { full } from "@tr/tsr-codec";
import { describe, expect, it } from "vitest";
import { script, usePools } from "../test/pools.js";
import { Pool, TrError } from "./index.js";

const pools = usePools();
const times = (count: number) => Array.from({ length: count }, (_, i) => i);

describe("calls", () => {
  it("are spread over all workers, and answered each with its own result", async () => {
    const pool = await pools.ready({ size: 3 });
    const pids = await Promise.all(times(9).map(() => pool.call<number>("nap", [0.05])));
    expect(new Set(pids.slice(0, 3)).size).toBe(3); // those that found all three idle
    expect(new Set(pids).size).toBe(3);
    expect(pool.stats()).toMatchObject({ size: 3, idle: 3, busy: 0, queued: 0, restarts: 0 });
  });

  it("one after the other go to the worker that was used last, whose caches are warm", async () => {
    const pool = await pools.ready({ size: 3 });
    const pids: number[] = [];
    for (const _ of times(6)) pids.push(await pool.call<number>("pid"));
    expect(new Set(pids).size).toBe(1);
  });

  it("start the workers when nobody has", async () => {
    const pool = pools.make();
    expect(pool.stats().perWorker.map(({ status }) => status)).toEqual(["stopped", "stopped"]);
    expect(await pool.call("pid")).toBeGreaterThan(0);
  });

  it("use a worker's own concurrency", async () => {
    const pool = await pools.ready({ size: 1, script: script("four_at_once.py") });
    const most = await Promise.all(times(8).map(() => pool.call<number>("nap", [0.05])));
    expect(Math.max(...most)).toBe(4);
  });

  it("give tensors in and out", async () => {
    const pool = pools.make({ script: "default" });
    const sum = await pool.calculate("add", full([2], 1), full([2], 2));
    expect([...sum.data]).toEqual([3, 3]);
  });

  it("stream, and have their place on the worker meanwhile", async () => {
    const pool = await pools.ready({ size: 1 });
    const numbers: number[] = [];
    let other: Promise<unknown> | undefined;
    for await (const { number } of pool.stream<{ number: number }>("count", [4])) {
      numbers.push(number);
      other ??= pool.call("pid");
      expect(pool.stats()).toMatchObject({ busy: 1, queued: 1 });
    }
    expect(numbers).toEqual([0, 1, 2, 3]);
    expect(await other).toBe(pool.stats().perWorker[0]?.pid);
  });

  it("free the place of a stream that is left early", async () => {
    const pool = await pools.ready({ size: 1 });
    for await (const _ of pool.stream("count", [100])) break;
    expect(pool.stats()).toMatchObject({ idle: 1, busy: 0 });
  });
});

describe("waiting", () => {
  it("is first come, first served, and tells the position", async () => {
    const pool = await pools.ready({ size: 1 });
    const positions: number[] = [];
    const order: string[] = [];
    const first = pool.call("nap", [0.05]).then(() => order.push("first"));
    const lease = pool.acquire().then((got) => {
      order.push("lease");
      got.release();
    });
    const last = pool
      .call("pid", [], { onPosition: (position) => positions.push(position) })
      .then(() => order.push("last"));
    await Promise.all([first, lease, last]);
    expect(order).toEqual(["first", "lease", "last"]);
    expect(positions).toEqual([1, 0]);
  });

  it("ends with the time-out, the signal, or a full queue, each with its code", async () => {
    const pool = await pools.ready({ size: 1, maxQueue: 2 });
    const lease = await pool.acquire();
    const abort = new AbortController();
    const late = pool.call("pid", [], { acquireTimeoutMs: 20 });
    const aborted = pool.acquire({ signal: abort.signal });
    await expect(pool.call("pid")).rejects.toMatchObject({ code: "TR_QUEUE_FULL" });
    await expect(late).rejects.toMatchObject({ code: "TR_ACQUIRE_TIMEOUT" });
    abort.abort(new Error("enough"));
    await expect(aborted).rejects.toMatchObject({ code: "TR_CANCELLED", stopped: "unsent" });
    expect(pool.stats().queued).toBe(0);
    lease.release();
    expect(await pool.call("pid")).toBeGreaterThan(0);
  });

  it("for a free warm worker takes less than a millisecond", async () => {
    const pool = await pools.ready({ size: 1 });
    const lasted: number[] = [];
    for (const _ of times(1000)) {
      const started = performance.now();
      const lease = await pool.acquire();
      lasted.push(performance.now() - started);
      lease.release();
    }
    const median = lasted.sort((a, b) => a - b)[500] ?? Number.NaN;
    console.log(`a lease of a warm worker: median ${(1000 * median).toFixed(1)} µs`);
    expect(median).toBeLessThan(1);
  });
});

describe("a lease", () => {
  it("keeps everybody else from its worker, state and all", async () => {
    const pool = await pools.ready({ size: 2 });
    const lease = await pool.acquire();
    await lease.call("remember", ["mine"]);
    const pid = await lease.call("pid");
    const others = await Promise.all(times(6).map(() => pool.call("pid")));
    expect(others).not.toContain(pid);
    expect(await lease.call("recall")).toBe("mine");
    const numbers: unknown[] = [];
    for await (const item of lease.stream("count", [2])) numbers.push(item);
    expect(numbers).toEqual([0, 1].map((number) => ({ number, pid })));
    lease.release();
    lease.release();
    await expect(lease.call("pid")).rejects.toMatchObject({ code: "TR_NOT_STARTED" });
    expect(pool.stats()).toMatchObject({ idle: 2, busy: 0 });
  });

  it("is given back by disposal", async () => {
    const pool = await pools.ready({ size: 1 });
    {
      await using lease = await pool.acquire();
      expect(await lease.call("pid")).toBeGreaterThan(0);
    }
    expect(pool.stats().idle).toBe(1);
  });
});

describe("a worker that crashes", () => {
  it("fails its call, and is there again for the next", async () => {
    const pool = await pools.ready({ size: 1 });
    const before = await pool.call("pid");
    const crashed = once(pool, "crash");
    await expect(pool.call("crash")).rejects.toMatchObject({ code: "TR_WORKER_CRASHED" });
    const [{ worker, delayMs }] = await crashed;
    expect({ worker, delayMs }).toEqual({ worker: 0, delayMs: 0 });
    expect(await pool.call("pid")).not.toBe(before);
    expect(pool.stats().restarts).toBe(1);
  });

  it("runs a call again only when that is declared harmless", async () => {
    const pool = await pools.ready({ size: 2 });
    const flag = (name: string) => join(pools.workspace, name);
    await expect(pool.call("crash_once", [flag("a")])).rejects.toMatchObject({
      code: "TR_WORKER_CRASHED",
    });
    expect(await pool.call("crash_once", [flag("b")], { idempotent: true })).toBe(2);
  });

  it("five times in a short time is given up, and those who wait are told why", async () => {
    const pool = await pools.ready({ size: 1 });
    const delays: unknown[] = [];
    pool.on("crash", ({ delayMs }) => delays.push(delayMs));
    const codes = await Promise.all(
      times(7).map(() => pool.call("crash").catch((error) => TrError.is(error) && error.code)),
    );
    expect(codes).toEqual(times(7).map(() => "TR_WORKER_CRASHED"));
    expect(delays).toEqual([0, 100, 200, 400, undefined]);
    await expect(pool.ready()).rejects.toMatchObject({ code: "TR_WORKER_CRASHED" });
    pool.revive();
    expect(await pool.call("pid")).toBeGreaterThan(0);
  });

  it("before it is ready says so to ready() and to calls", async () => {
    const pool = pools.make({ size: 1, script: script("broken.py") });
    const call = pool.call("pid").catch((error) => error.code);
    await expect(pool.ready()).rejects.toThrow("No module named 'no_such_module'");
    expect(await call).toBe("TR_START_FAILED");
  });
});

describe("workers", () => {
  it("may differ, in their variables for one", async () => {
    const pool = await pools.ready({
      size: 2,
      env: { COLOUR: "red", PORT: "0" },
      workers: [{ env: { PORT: "1" } }, { env: { PORT: "2" } }],
    });
    const leases = await Promise.all([pool.acquire(), pool.acquire()]);
    const ports = await Promise.all(leases.map((lease) => lease.call("variable", ["PORT"])));
    expect(ports.sort()).toEqual(["1", "2"]);
    expect(await leases[0]?.call("variable", ["COLOUR"])).toBe("red");
  });

  it.each([
    ["started ahead where two may run at once", {}],
    ["ended first where workers differ", { size: 1, workers: [{}] }],
  ])("are replaced after so many calls, %s", async (_, options) => {
    const pool = await pools.ready({ size: 1, recycle: { calls: 3 }, ...options });
    const pids: unknown[] = [];
    while (pool.stats().restarts < 2) pids.push(await pool.call("pid"));
    expect(new Set(pids).size).toBeGreaterThanOrEqual(2);
    expect(pids.slice(0, 3)).toEqual([pids[0], pids[0], pids[0]]);
  });

  it("get no more calls than they may, and no more run at once for it", async () => {
    const pool = await pools.ready({ size: 2, recycle: { calls: 1 } });
    const { workspace } = pools;
    const pids = await Promise.all(times(5).map(() => pool.call("nap_beside", [workspace, 0.5])));
    expect(new Set(pids).size).toBe(5);
    const most = readdirSync(workspace).filter((name) => name.startsWith("beside-"));
    expect(most.sort().at(-1)).toBe("beside-2");
  });

  it("that can get no fresh one for the last of their calls say so", async () => {
    const broken = join(pools.workspace, "broken");
    const options = { size: 1, recycle: { calls: 1 }, env: { FAIL_IF: broken } };
    const pool = await pools.ready(options);
    writeFileSync(broken, "");
    await pool.call("pid");
    await expect(pool.call("pid")).rejects.toMatchObject({ code: "TR_START_FAILED" });
    rmSync(broken);
    pool.revive();
    expect(await pool.call("pid")).toBeGreaterThan(0);
  });

  it("are replaced when they have grown", async () => {
    const pool = await pools.ready({ size: 1, recycle: { rssBytes: 150 * 2 ** 20 } });
    const before = await pool.call("pid");
    await pool.call("grow", [200]);
    while ((await pool.call("pid")) === before) await pool.call("nap", [0.05]);
    expect(pool.stats().restarts).toBe(1);
  });

  it("end when nobody has needed them for long, and start again for the next call", async () => {
    const pool = await pools.ready({ size: 1, recycle: { idleMs: 50 } });
    const before = await pool.call("pid");
    while (pool.stats().perWorker[0]?.pid !== undefined) await new Promise(setImmediate);
    expect(pool.stats().perWorker[0]?.status).toBe("stopped");
    expect(await pool.call("pid")).not.toBe(before);
  });
});

describe("closing", () => {
  it("lets what runs finish, refuses what waits and what comes", async () => {
    const pool = await pools.ready({ size: 1 });
    const running = pool.call("nap", [0.1]);
    const waiting = pool.call("pid");
    const closed = pool.close();
    await expect(waiting).rejects.toMatchObject({ code: "TR_SESSION_CLOSED" });
    expect(await running).toBeGreaterThan(0);
    await closed;
    await expect(pool.call("pid")).rejects.toMatchObject({ code: "TR_SESSION_CLOSED" });
    await expect(pool.ready()).rejects.toMatchObject({ code: "TR_SESSION_CLOSED" });
  });

  it("does not wait for ever", async () => {
    const pool = await pools.ready({ size: 1 });
    const running = pool.call("nap", [600]).catch((error) => error.code);
    await pool.close({ drainMs: 20 });
    expect(await running).toBe("TR_SESSION_CLOSED");
  });
});

it.each([
  [{ size: 0 }, "size"],
  [{ maxQueue: -1 }, "maxQueue"],
  [{ acquireTimeoutMs: 0 }, "acquireTimeoutMs"],
  [{ recycle: { calls: 0.5 } }, "recycle.calls"],
  [{ recycle: { call: 5 } }, "recycle.call"],
  [{ workers: [] }, "workers"],
  [{ size: 3, workers: [{}, {}] }, "size"],
  [{ sessionId: "mine" }, "sessionId"],
])("refuses %j by the name of the option", (options, name) => {
  const make = () => new Pool(options as ConstructorParameters<typeof Pool>[0]);
  expect(make).toThrow(`option ${name}:`);
  expect(make).toThrow(expect.objectContaining({ code: "TR_INVALID_ARGUMENT" }));
});
