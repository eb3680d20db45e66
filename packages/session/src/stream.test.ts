import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import type { Tensor } from "@tr/tsr-codec";
import { execa } from "execa";
import { describe, expect, expectTypeOf, it } from "vitest";
import { script, until, useSessions, useSharedSession } from "../test/scripts.js";
import { server } from "../test/wide.types.js";

const session = useSharedSession({ script: script("streaming.py") });
const sessions = useSessions();
const failure = (promise: Promise<unknown>) =>
  promise.then(
    () => expect.unreachable("no error"),
    (error) => error,
  );
const tensorFiles = () =>
  readdirSync(session.sessionDir ?? "").filter((name) => name.endsWith(".tsr"));

interface Item {
  number: number;
  x: Tensor<"float32">;
}

describe.each(["count_to", "count_to_async"])("a stream of %s", (command) => {
  it("gives all items in order, then what the generator returned", async () => {
    const items = session.stream<number>(command, [300]);
    for (let i = 0; i < 300; i++) expect(await items.next()).toEqual({ done: false, value: i });
    const end = await items.next();
    expect(end.done).toBe(true);
    if (command === "count_to") expect(end.value).toBe("the end");
    expect(await items.next()).toEqual({ done: true, value: undefined });
  });

  it("is at most two items ahead of a slow consumer, and other calls are answered meanwhile", async () => {
    await session.call("how_many");
    let consumed = 0;
    let produced = 0;
    for await (const item of session.stream<number>(command, [20])) {
      expect(item).toBe(consumed++);
      await pause(10);
      produced += await session.call<number>("how_many");
      expect(produced - consumed).toBeLessThanOrEqual(1); // one beyond that which is worked on
    }
    expect(produced).toBe(20);
    const waiting = session.stream(command, [20]);
    await waiting.next();
    await pause(50);
    expect(await session.call("how_many")).toBe(2);
    await waiting.return();
  });

  it("that is left has run its finally when the loop is over", async () => {
    const mark = join(sessions.workspace, "finally");
    for await (const item of session.stream<number>(command, [1000, mark])) if (item === 3) break;
    expect(existsSync(mark)).toBe(true);
    expect(session.isReady()).toBe(true);
  });

  it("takes several calls of next() at once", async () => {
    const items = session.stream<number>(command, [5]);
    const results = await Promise.all(Array.from({ length: 7 }, () => items.next()));
    expect(results.map(({ value, done }) => (done ? "done" : value))).toEqual([
      0,
      1,
      2,
      3,
      4,
      "done",
      "done",
    ]);
  });

  it("runs beside another", async () => {
    const seen = await Promise.all(
      [1, 2, 3].map(async (n) => {
        const all: number[] = [];
        for await (const item of session.stream<number>(command, [50 * n])) all.push(item);
        return all.length;
      }),
    );
    expect(seen).toEqual([50, 100, 150]);
  });
});

describe("a stream", () => {
  it("gives the items before an error, then the error with its traceback", async () => {
    const seen: unknown[] = [];
    const error = await failure(
      (async () => {
        for await (const item of session.stream("fail_after", [3])) seen.push(item);
      })(),
    );
    expect(seen).toEqual([0, 1, 2]);
    expect(error).toMatchObject({ code: "TR_PYTHON_ERROR", pythonType: "ValueError" });
    expect(error.pythonTraceback).toMatch(/fail_after/);
  });

  it("whose finally fails when it is left says so, once", async () => {
    const items = session.stream("fail_when_left");
    const error = await failure(
      (async () => {
        for await (const _ of items) break;
      })(),
    );
    await items[Symbol.asyncDispose](); // as `await using` does: one error, not an error of an error
    expect(error).toMatchObject({ code: "TR_PYTHON_ERROR", pythonType: "OSError" });
    expect(await session.call("plain", [1])).toBe(1);
  });

  it("of 200 tensors of 1 MiB never has more than two files", async () => {
    let most = 0;
    let count = 0;
    const items = session.stream<Item>("arrays", [200, 2 ** 18]);
    let end: IteratorResult<Item>;
    for (;;) {
      end = await items.next();
      if (end.done) break;
      most = Math.max(most, tensorFiles().length);
      expect(end.value.number).toBe(count++);
      expect(end.value.x.data.length).toBe(2 ** 18);
      expect(end.value.x.data[2 ** 18 - 1]).toBe(end.value.number);
    }
    expect(count).toBe(200);
    expect(most).toBeLessThanOrEqual(2);
    expect(end.value).toBeLessThanOrEqual(2); // as the worker counted
    expect(tensorFiles()).toEqual([]);
  });

  it("that is left between large tensors leaves no file", async () => {
    for await (const { number } of session.stream<Item>("arrays", [50, 2 ** 18])) {
      if (number === 5) break;
    }
    await until(() => tensorFiles().length === 0); // one may be being read at that moment
  });

  it("of a plain function is its result as the one item", async () => {
    const seen: unknown[] = [];
    for await (const item of session.stream("plain", [{ a: 1 }])) seen.push(item);
    expect(seen).toEqual([{ a: 1 }]);
  });

  it("is refused as a call, before anything of it runs", async () => {
    await session.call("how_many");
    const error = await failure(session.call("count_to", [3]));
    expect(error).toMatchObject({ code: "TR_INVALID_ARGUMENT" });
    expect(error.message).toMatch(/session\.stream\(\)/);
    expect(await session.call("how_many")).toBe(0);
  });

  it("that takes too long in all, or is silent too long while one waits, is stopped", async () => {
    const all = failure(drain(session.stream("pause_after", [3, 30], { timeoutMs: 150 })));
    expect(await all).toMatchObject({ code: "TR_CALL_TIMEOUT", stopped: "cancelled" });
    const idle = session.stream("pause_after", [3, 30], { idleTimeoutMs: 100 });
    for (let i = 0; i < 3; i++) {
      expect((await idle.next()).value).toBe(i);
      await pause(150); // nobody waits
    }
    const silent = await failure(idle.next());
    expect(silent).toMatchObject({ code: "TR_CALL_TIMEOUT", stopped: "cancelled" });
    expect(silent.message).toMatch(/idleTimeoutMs/);
    expect(await session.call("plain", [1])).toBe(1);
  });

  it("that is aborted rejects what is awaited, and gives nothing more", async () => {
    const control = new AbortController();
    const items = session.stream("count_to", [1000], { signal: control.signal });
    await items.next();
    await session.call("plain", [1]); // what was made ahead has come before that
    control.abort("enough");
    const error = await failure(items.next());
    expect(error).toMatchObject({ code: "TR_CANCELLED", stopped: "cancelled", cause: "enough" });
    expect(await items.next()).toEqual({ done: true, value: undefined });
    const unsent = session.stream("count_to", [1], { signal: AbortSignal.abort() });
    expect(await failure(unsent.next())).toMatchObject({ stopped: "unsent" });
  });

  it("that is thrown into, or disposed of, is stopped", async () => {
    const items = session.stream("count_to", [1000]);
    await items.next();
    await expect(items.throw(new RangeError("mine"))).rejects.toThrow("mine");
    expect(await items.next()).toEqual({ done: true, value: undefined });
    const second = session.stream("count_to", [1000]);
    await second.next();
    await second[Symbol.asyncDispose]();
    expect(session.isReady()).toBe(true);
  });

  it("refuses wrong options at once", () => {
    const invalid = expect.objectContaining({ code: "TR_INVALID_ARGUMENT" });
    expect(() => session.stream("x", [], { timeoutMs: 0 })).toThrow(invalid);
    expect(() => session.stream("x", [], { idleTimeoutMs: -1 })).toThrow(invalid);
    expect(() => session.stream("x", "ab" as unknown as [])).toThrow(invalid);
  });

  it("needs a worker of level 2, and one that runs", async () => {
    const old = await sessions.started({ script: script("level_one.py"), spawn: "process" });
    expect(await failure(old.stream("say").next())).toMatchObject({ code: "TR_NEEDS_LEVEL_2" });
    const idle = sessions.make().stream("say");
    expect(await failure(idle.next())).toMatchObject({ code: "TR_NOT_STARTED" });
  });

  it("ends with its worker: the items that came, then the crash", async () => {
    const own = await sessions.started({ script: script("streaming.py") });
    const items = own.stream("count_to", [1000]);
    await items.next();
    let produced = 0;
    while (produced < 2) produced += await own.call<number>("how_many");
    process.kill(own.info?.pid ?? 0, "SIGKILL");
    await own.join();
    expect(await items.next()).toEqual({ done: false, value: 1 });
    expect(await failure(items.next())).toMatchObject({ code: "TR_WORKER_CRASHED" });
  });

  it("keeps a program alive only while something of it is awaited", async () => {
    const program = `
      import { PythonSession } from "@tr/session";
      const session = new PythonSession({ script: ${JSON.stringify(script("streaming.py"))}, workspace: ${JSON.stringify(sessions.workspace)}, quiet: true });
      await session.start();
      const dropped = session.stream("count_to", [1000]);
      console.log((await dropped.next()).value);
      const slow = session.stream("pause_after", [1, 0.3]);
      await slow.next();
      console.log((await slow.next()).value);`;
    const options = { cwd: import.meta.dirname, timeout: 30_000 };
    const { stdout } = await execa(
      process.execPath,
      ["--input-type=module", "-e", program],
      options,
    );
    expect(stdout).toBe("0\nlate");
  });

  it("is a method of a typed interface", async () => {
    const own = await sessions.started({ script: script("wide.py") });
    const api = own.as(server);
    const seen: number[] = [];
    for await (const item of api.count(1000, { start: 5 }, { idleTimeoutMs: 5000 })) {
      if (seen.push(item) === 3) break;
    }
    expect(seen).toEqual([5, 6, 7]);
    expect(own.isReady()).toBe(true);
    for await (const { step } of api.ticks({ step: 0.5 })) expect(step).toBe(0.5);
  });

  it("is typed", () => {
    const items = session.stream<{ loss: number }>("train");
    expectTypeOf(items).toExtend<AsyncIterableIterator<{ loss: number }>>();
    expectTypeOf(items).toExtend<AsyncDisposable>();
  });
});

describe("progress", () => {
  it("reaches onProgress and the event in order, before the answer", async () => {
    const told: unknown[] = [];
    const events: unknown[] = [];
    const onEvent = (event: unknown) => events.push(event);
    session.on("progress", onEvent);
    const call = session.call("report", [20], { onProgress: (progress) => told.push(progress) });
    const at = await call.then(() => told.length);
    session.off("progress", onEvent);
    expect(at).toBe(21);
    expect(told.at(0)).toEqual({ done: 1, total: 20, message: "counting" });
    expect(told.slice(0, 20).map((progress) => (progress as { done: number }).done)).toEqual(
      Array.from({ length: 20 }, (_, i) => i + 1),
    );
    expect(told.at(-1)).toEqual({ done: 0.5, total: undefined, message: "" });
    expect(events).toHaveLength(21);
    expect(events[3]).toEqual({
      ...{ command: "report", requestId: expect.any(String) },
      ...{ done: 4, total: 20, message: "counting" },
    });
  });

  it("comes between the items of a stream where the script reported it", async () => {
    const seen: string[] = [];
    const onProgress = ({ message }: { message: string }) => seen.push(message);
    for await (const item of session.stream("steps", [4], { onProgress })) {
      expect(seen).toContain(`step ${item}`);
    }
    expect(seen).toEqual(["step 0", "step 1", "step 2", "step 3"]);
  });
});

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}
