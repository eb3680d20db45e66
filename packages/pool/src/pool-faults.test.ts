import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { full } from "@tr/tsr-codec";
import { describe, expect, it, vi } from "vitest";
import { script, usePools } from "../test/pools.js";
import { Pool, type PoolOptions } from "./index.js";

const pools = usePools();
const codeOf = (promise: Promise<unknown>) => promise.then(String, (error) => error.code);

/** What `action` lets surface as uncaught. */
async function uncaughtIn(action: () => Promise<unknown>): Promise<unknown[]> {
  const thrown: unknown[] = [];
  const before = process.listeners("uncaughtException");
  process.removeAllListeners("uncaughtException");
  process.on("uncaughtException", (error) => thrown.push(error.message));
  try {
    await action();
    await new Promise(setImmediate);
  } finally {
    process.removeAllListeners("uncaughtException");
    for (const listener of before) process.on("uncaughtException", listener);
  }
  return thrown;
}

const exists = (pid: number) => {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
};

it.each([
  [{ cancelGraceMs: -1 }, "cancelGraceMs"],
  [{ scirpt: "server.py" }, "scirpt"],
  [{ workers: [{}, { startTimeoutMs: 0 }] }, "startTimeoutMs"],
])("refuses %j, a session's option, when it is made", (options, name) => {
  expect(() => new Pool(options as PoolOptions)).toThrow(`option ${name}:`);
});

describe("a listener that throws", () => {
  it("of positions takes no worker with it, and spoils nobody's call", async () => {
    const pool = await pools.ready({ size: 1 });
    const onPosition = () => {
      throw new Error("position");
    };
    const thrown = await uncaughtIn(async () => {
      const first = pool.call("nap", [0.02]);
      const others = [1, 2].map(() => pool.call("pid", [], { onPosition }));
      const pid = pool.stats().perWorker[0]?.pid;
      expect(await Promise.all([first, ...others])).toEqual([pid, pid, pid]);
    });
    expect(thrown).toEqual(["position", "position", "position"]);
    expect(pool.stats()).toMatchObject({ idle: 1, busy: 0, queued: 0 });
  });

  it("of crashes does not keep a worker that cannot start from being given up", async () => {
    const pool = pools.make({ size: 1, script: script("broken.py") });
    pool.on("crash", () => {
      throw new Error("crash");
    });
    const thrown = await uncaughtIn(async () => {
      expect(await codeOf(pool.ready())).toBe("TR_START_FAILED");
    });
    expect(thrown).toEqual(Array(5).fill("crash"));
    await pool.close();
  });
});

it("tells lines to who begins to listen after the start", async () => {
  const pool = await pools.ready({ size: 1 });
  const line = once(pool, "log");
  await pool.call("say", ["late"]);
  const sessionId = expect.any(String);
  expect(await line).toEqual([{ worker: 0, sessionId, stream: "stdout", line: "late" }]);
  pool.removeAllListeners("log");
  const write = vi.spyOn(process.stderr, "write");
  await pool.call("say", ["unheard"]);
  expect(write.mock.calls).toEqual([]); // quiet
  write.mockRestore();
});

it("hands the option idempotent of calculate on", async () => {
  const pool = await pools.ready({ size: 2 });
  const flag = join(pools.workspace, "flag");
  const kept = await pool.calculate("keep_or_crash", full([1], 2), {
    idempotent: true,
    timeoutMs: 5000,
    onProgress: () => {},
    kwargs: { flag },
  });
  expect([...kept.data]).toEqual([2]);
  const wrong = pool.calculate("keep_or_crash", 1 as never, 2 as never);
  expect(await codeOf(wrong)).toBe("TR_INVALID_ARGUMENT");
});

describe("a stream", () => {
  it("can be left while its next item is under way", async () => {
    const pool = await pools.ready({ size: 1 });
    const stream = pool.stream("never", []);
    const next = [stream.next(), stream.next()];
    await vi.waitUntil(() => pool.stats().busy === 1);
    expect(await stream.return("left")).toEqual({ done: true, value: "left" });
    const done = { done: true, value: undefined };
    expect(await Promise.all([...next, stream.next()])).toEqual([done, done, done]);
    expect(pool.stats()).toMatchObject({ idle: 1, busy: 0 });
  });

  it("can be left while it waits for a worker", async () => {
    const pool = await pools.ready({ size: 1 });
    const lease = await pool.acquire();
    const stream = pool.stream("count", [3]);
    const next = stream.next();
    await stream.return();
    expect(await next).toEqual({ done: true, value: undefined });
    expect(pool.stats().queued).toBe(0);
    lease.release();
    expect(pool.stats()).toMatchObject({ idle: 1, busy: 0 });
  });

  it("whose worker crashes says so once, and frees its place", async () => {
    const pool = await pools.ready({ size: 1 });
    const stream = pool.stream("count_and_crash");
    const results = [1, 2, 3].map(() => codeOf(stream.next().then(({ done }) => done)));
    expect(await Promise.all(results)).toEqual(["false", "TR_WORKER_CRASHED", "true"]);
    expect(pool.stats().busy).toBe(0);
  });
});

describe("a lease", () => {
  it("of a worker that has crashed says so, also when the next process is there", async () => {
    const pool = await pools.ready({ size: 1 });
    const lease = await pool.acquire();
    expect(await codeOf(lease.call("crash"))).toBe("TR_WORKER_CRASHED");
    await pool.ready();
    expect(await codeOf(lease.call("pid"))).toBe("TR_WORKER_CRASHED");
    expect(await codeOf(lease.stream("count", [2]).next())).toBe("TR_WORKER_CRASHED");
    lease.release();
    expect(await pool.call("pid")).toBeGreaterThan(0);
  });

  it("wears its worker out like other calls", async () => {
    const pool = await pools.ready({ size: 1, recycle: { calls: 2 } });
    const lease = await pool.acquire();
    const pid = await lease.call("pid");
    await lease.call("pid");
    lease.release();
    await vi.waitUntil(() => pool.stats().restarts === 1, 10_000);
    expect(await pool.call("pid")).not.toBe(pid);
  });
});

describe("a worn-out worker", () => {
  it("that still works when the pool is closed ends with it", async () => {
    const options = { size: 1, script: script("four_at_once.py"), recycle: { calls: 2 } };
    const pool = await pools.ready(options);
    const pid = pool.stats().perWorker[0]?.pid as number;
    const long = codeOf(pool.call("nap", [600]));
    await pool.call("nap", [0]);
    await vi.waitUntil(() => pool.stats().restarts === 1, 10_000);
    await pool.close({ drainMs: 20 });
    expect(exists(pid)).toBe(false);
    expect(await long).toBe("TR_SESSION_CLOSED");
  });

  it("is let finish when the pool is closed", async () => {
    const options = { size: 1, script: script("four_at_once.py"), recycle: { calls: 2 } };
    const pool = await pools.ready(options);
    const long = pool.call("nap", [1.5]);
    await pool.call("nap", [0]);
    await vi.waitUntil(() => pool.stats().restarts === 1, 10_000);
    await pool.close();
    expect(await long).toBe(2);
  });

  it("that crashes while it is leased gives its place up", async () => {
    const pool = await pools.ready({
      workers: [{}],
      size: 1,
      recycle: { rssBytes: 200 * 2 ** 20 },
    });
    const lease = await pool.acquire();
    await lease.call("grow", [300]);
    while ((await once(lease.session, "heartbeat"))[0].rssBytes < 200 * 2 ** 20);
    expect(await codeOf(lease.call("crash"))).toBe("TR_WORKER_CRASHED");
    await pool.ready();
    lease.release();
    expect(await pool.call("pid", [], { acquireTimeoutMs: 10_000 })).toBeGreaterThan(0);
    expect(pool.stats().perWorker[0]).toMatchObject({ status: "ready", restarts: 0 });
  });

  it("has ended before another takes its place where workers differ", async () => {
    const log = join(pools.workspace, "log");
    const workers = [{ env: { LIFE_LOG: log } }];
    const pool = await pools.ready({ size: 1, workers, recycle: { calls: 1 } });
    await pool.call("pid");
    await pool.call("pid");
    await pool.close();
    const lives = readFileSync(log, "utf8").trim().split("\n");
    expect(lives.length).toBeGreaterThanOrEqual(4);
    expect(lives).toEqual(lives.map((_, i) => (i % 2 === 0 ? "begins" : "ends")));
  });
});

if (process.platform !== "win32") {
  it("a worker that gives no sign of life gets nothing until it is back", async () => {
    const pool = await pools.ready({ size: 2 });
    const { perWorker } = pool.stats();
    const stopped = perWorker[0]?.pid as number;
    process.kill(stopped, "SIGSTOP");
    await vi.waitUntil(() => !pool.stats().perWorker[0]?.responsive, 20_000);
    expect(pool.stats()).toMatchObject({ idle: 1, busy: 0 });
    const pids = await Promise.all([1, 2, 3, 4].map(() => pool.call("pid")));
    expect(new Set(pids)).toEqual(new Set([perWorker[1]?.pid]));
    process.kill(stopped, "SIGCONT");
    await vi.waitUntil(() => pool.stats().idle === 2, 20_000);
  });
}

describe("closing", () => {
  it("checks its limit, and may wait for ever", async () => {
    const pool = await pools.ready({ size: 1 });
    expect(await codeOf(pool.close({ drainMs: Number.NaN }))).toBe("TR_INVALID_ARGUMENT");
    const running = pool.call("nap", [0.05]);
    await pool.close({ drainMs: Number.POSITIVE_INFINITY });
    expect(await running).toBeGreaterThan(0);
  });

  it("goes on when who waits for it does not", async () => {
    const pool = await pools.ready({ size: 1 });
    const lease = await pool.acquire();
    const signal = AbortSignal.timeout(20);
    expect(await codeOf(pool.close({ signal }))).toBe("TR_CANCELLED");
    expect(await codeOf(pool.call("pid"))).toBe("TR_SESSION_CLOSED");
    lease.release();
    await pool.close();
  });
});
