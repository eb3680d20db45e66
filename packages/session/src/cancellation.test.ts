import { once } from "node:events";
import { setTimeout as pause } from "node:timers/promises";
import { TrError } from "@tr/protocol/errors";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { campaignSize, randomNumbers, seed } from "../test/campaign.js";
import { percentile, script, useSharedSession } from "../test/scripts.js";
import { PythonSession, type StreamOptions } from "./python-session.js";

const session = useSharedSession({ script: script("long_work.py") });

const limitMs = 60;

type Error = TrError & { stopped?: string };
const failure = (promise: Promise<unknown>): Promise<Error> =>
  promise.then(
    (value) => {
      throw new Error(`expected an error, got ${JSON.stringify(value)}`);
    },
    (error) => error,
  );

/** Makes the call; resolves to its error. `options.onProgress` says that it has begun. */
type Situation = (on: PythonSession, options: StreamOptions) => Promise<Error>;

const calling =
  (command: string): Situation =>
  (on, options) =>
    failure(on.call(command, [30], options));

const suspended =
  (command: string): Situation =>
  async (on, { onProgress, ...options }) => {
    const items = on.stream<number>(command, [], options);
    await items.next();
    await pause(20); // it has given its two items and waits for credit
    onProgress?.({ done: 0, total: undefined, message: "" });
    if (on.isBusy()) await once(on, "state"); // asks for no more items: it stays where it is until it is stopped
    return failure(drained(items));
  };

async function drained(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}

const situations: Record<string, Situation> = {
  "a sleep": calling("sleep"),
  "a pure Python loop": calling("spin"),
  "between torch operations": calling("multiply"),
  "C code that a signal wakes": calling("sleep_in_c"),
  "an async def that waits": calling("sleep_async"),
  "an async def that computes": calling("spin_async"),
  "a running generator": (on, options) =>
    failure(drained(on.stream("generate_spinning", [30], options))),
  "a suspended generator": suspended("generate"),
  "a suspended async generator": suspended("generate_async"),
};

interface Stop {
  readonly error: Error;
  /** From the abort, or from the moment that the limit was over; a timer's own ms is in the latter. */
  readonly elapsedMs: number;
  /** Whether its code had begun: on a busy machine a limit may be over before. */
  readonly hasBegun: boolean;
}

/** How a call in that situation ends. */
async function stop(situation: Situation, how: string, on = session, afterMs = 5): Promise<Stop> {
  const control = new AbortController();
  const { signal } = control;
  let [hasBegun, ending] = [false, performance.now() + limitMs];
  const onProgress = () => {
    hasBegun = true;
    if (how === "time-out") return;
    setTimeout(() => {
      ending = performance.now();
      control.abort("enough");
    }, afterMs);
  };
  const limit = how === "time-out" ? { timeoutMs: limitMs } : { signal };
  const error = await situation(on, { ...limit, onProgress });
  return { error, elapsedMs: performance.now() - ending, hasBegun };
}

function tell(situation: string, how: string, ms: number[], end: string): void {
  const times = [50, 99, 100].map((p) => `p${p} ${percentile(ms, p).toFixed(2)} ms`);
  console.log(`${situation}, ${how}: ${end}; ${times.join(", ")} (${ms.length} times)`);
}

describe.each(["abort", "time-out"])("%s", (how) => {
  it.each(Object.keys(situations))(
    "stops %s and keeps the worker and its state",
    async (name) => {
      const situation = situations[name] as Situation;
      const settled: number[] = [];
      const pid = await session.call("pid");
      if (name === "between torch operations") await stop(situation, "abort"); // imports torch
      for (let i = 0; i < campaignSize(3); i++) {
        const count = await session.call<number>("count");
        const cleaned = await session.call<number>("cleanups");
        const { error, elapsedMs } = await stop(situation, how);
        settled.push(elapsedMs);
        expect(error).toMatchObject(
          how === "abort"
            ? { code: "TR_CANCELLED", stopped: "cancelled", cause: "enough" }
            : { code: "TR_CALL_TIMEOUT", stopped: "cancelled", timeoutMs: 60 },
        );
        expect(await session.call("count")).toBe(count + 1);
        expect(await session.call("cleanups")).toBe(cleaned + 1); // its finally has run
      }
      expect(await session.call("pid")).toBe(pid);
      tell(name, how, settled, "cancelled, worker kept");
    },
    600_000,
  );

  it("of a call that waits for its turn: it is never sent", async () => {
    const count = await session.call<number>("count");
    const settled: number[] = [];
    const times = how === "abort" ? campaignSize(3) : 1;
    for (let i = 0; i < times; i++) {
      const control = new AbortController();
      const before = session.call("sleep", [how === "abort" ? 0.1 : 0.7]);
      const options = how === "abort" ? { signal: control.signal } : { timeoutMs: 500 };
      const queued = [session.call("count", [], options), session.call("count", [], options)];
      const started = performance.now();
      control.abort();
      if (how === "abort") {
        for (const call of queued) {
          expect(await failure(call)).toMatchObject({ code: "TR_CANCELLED", stopped: "unsent" });
        }
        settled.push(performance.now() - started);
        expect(await before).toBe("slept");
      } else {
        // The limit counts from the sending: both are in time although they waited longer.
        expect(await before).toBe("slept");
        await Promise.all(queued);
      }
    }
    const ran = how === "abort" ? 0 : 2;
    expect(await session.call("count")).toBe(count + ran + 1);
    if (how === "abort") tell("queued", how, settled, "unsent, worker kept");
  }, 600_000);

  it("of what does not return from C kills the worker after the grace, and says so; it starts again if asked to", async () => {
    const cancelGraceMs = 100;
    const stuck = new PythonSession({
      ...{ script: script("long_work.py"), quiet: true, cancelGraceMs },
      restart: { onCrash: true, windowMs: 1 }, // each is the first: none waits
    });
    try {
      await stuck.start();
      const settled: number[] = [];
      const usable: number[] = [];
      for (let i = 0; i < campaignSize(2); i++) {
        const pid = await stuck.call("pid");
        expect(await stuck.call("count")).toBe(1);
        const other = { value: undefined as Error | undefined };
        const { error, elapsedMs } = await stop(
          async (on, options) => {
            const call = failure(on.call("in_c", [30], options));
            other.value = await failure(on.call("count"));
            return call;
          },
          how,
          stuck,
          60, // by then it is in its C code, on a busy machine too
        );
        settled.push(elapsedMs);
        const before = performance.now();
        const code = how === "abort" ? "TR_CANCELLED" : "TR_CALL_TIMEOUT";
        expect(error).toMatchObject({ code, stopped: "killed" });
        expect(error.message).toMatch(/did not yield, and the worker was killed/);
        expect(other.value).toMatchObject({ code: "TR_WORKER_CRASHED", signal: "SIGKILL" });
        expect(other.value?.message).toMatch(/in_c was cancelled and did not end within 100 ms/);
        expect(await stuck.call("pid")).not.toBe(pid);
        usable.push(elapsedMs + performance.now() - before);
        await stuck.start();
      }
      tell("C code", how, settled, "killed after 100 ms of grace");
      tell("C code", how, usable, "killed, and started again");
    } finally {
      await stuck.close();
    }
  }, 600_000);
});

it("without the option a worker that was killed stays gone", async () => {
  const stuck = new PythonSession({
    ...{ script: script("long_work.py"), quiet: true, cancelGraceMs: 50 },
  });
  try {
    await stuck.start();
    await stuck.call("count"); // the first call of a process takes its time
    const error = await failure(stuck.call("in_c", [30], { timeoutMs: 100 }));
    expect(error).toMatchObject({ code: "TR_CALL_TIMEOUT", stopped: "killed" });
    expect(stuck.state).toMatchObject({ status: "crashed" });
    await expect(stuck.call("count")).rejects.toMatchObject({ code: "TR_WORKER_CRASHED" });
    await stuck.start();
    expect(await stuck.call("count")).toBe(1);
  } finally {
    await stuck.close();
  }
});

it("a function that swallows what stops it, or fails in its finally, has been stopped all the same", async () => {
  expect(await failure(session.call("stubborn", [30], { timeoutMs: 50 }))).toMatchObject({
    ...{ code: "TR_CALL_TIMEOUT", stopped: "cancelled" },
  });
  expect(await failure(session.call("fail_in_cleanup", [30], { timeoutMs: 50 }))).toMatchObject({
    ...{ code: "TR_CALL_TIMEOUT", stopped: "cancelled" },
    cause: { code: "TR_PYTHON_ERROR", pythonType: "OSError" },
  });
  expect(await session.call("echo", ["on"])).toBe("on");
});

it("1,000 calls in a row are stopped, and each next one works at once", async () => {
  const pid = await session.call("pid");
  const commands = ["sleep", "spin", "sleep_async"];
  for (let i = 0; i < 1000; i++) {
    const { error } = await stop((on, { signal, onProgress }) => {
      const abort = onProgress && (() => setImmediate(() => onProgress({} as never)));
      return failure(on.call(commands[i % 3] as string, [30], { signal, onProgress: abort }));
    }, "abort");
    expect(error.stopped).toBe("cancelled");
    expect(await session.call("echo", [i])).toBe(i);
  }
  expect(await session.call("pid")).toBe(pid);
}, 120_000);

it("a cancel that crosses the answer is settled one way, and the next call is right", async () => {
  const random = randomNumbers(seed);
  const ends = { answered: 0, cancelled: 0, unsent: 0 };
  for (let i = 0; i < campaignSize(400); i++) {
    const control = new AbortController();
    const call = session.call("echo", [i + 1], { signal: control.signal });
    const end = performance.now() + random() * 3;
    while (performance.now() < end) await new Promise(setImmediate);
    control.abort();
    try {
      expect(await call).toBe(i + 1);
      ends.answered++;
    } catch (error) {
      if (!TrError.is(error, "TR_CANCELLED")) throw error;
      ends[error.stopped as "cancelled" | "unsent"]++;
    }
    expect(await session.call("echo", [-i - 1])).toBe(-i - 1);
  }
  console.log(`aborts near the answer: ${JSON.stringify(ends)}`);
}, 600_000);

describe("a session that is ended while a call is being stopped", () => {
  let ending: PythonSession;
  beforeAll(() => {
    ending = new PythonSession({ script: script("long_work.py"), quiet: true });
  });
  afterAll(() => ending.close());

  it.each([
    ["terminate", "TR_WORKER_CRASHED"],
    ["close", "TR_SESSION_CLOSED"],
  ] as const)(
    "by %s() gives the call that reason",
    async (how, code) => {
      await ending.start();
      const control = new AbortController();
      const call = failure(ending.call("in_c", [30], { signal: control.signal }));
      await pause(200);
      control.abort();
      await pause(20);
      await ending[how]();
      expect(await call).toMatchObject({ code });
    },
    20_000,
  );
});
