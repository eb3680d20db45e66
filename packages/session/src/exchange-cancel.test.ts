import { createMemoryChannel, type FileChannel } from "@tr/file-channel";
import type { Progress } from "@tr/protocol";
import { TrError } from "@tr/protocol/errors";
import { encode, full } from "@tr/tsr-codec";
import { beforeEach, describe, expect, it } from "vitest";
import { Exchange } from "./exchange.js";
import { ItemStream } from "./item-stream.js";
import type { Limits, OutgoingRequest } from "./pending-request.js";
import { tensorFile } from "./tensor-files.js";

let channel: FileChannel;
let exchange: Exchange;
let pending: { unanswered: number; isAwaited: boolean };
let stuck: string[];
let progress: Progress[];
let ids = 0;

beforeEach(() => {
  stuck = [];
  progress = [];
  channel = createMemoryChannel();
});

function open({ concurrency = 1, cancelGraceMs = 5000 } = {}): Exchange {
  exchange = new Exchange({
    ...{ channel, level: 2, concurrency, cancelGraceMs },
    nextId: () => String(++ids),
    announceCancel: () => {},
    onStuck: (command) => stuck.push(command),
    onBroken: () => {},
    onProgress: (_, said) => progress.push(said),
    onPending: (now) => {
      pending = now;
    },
  });
  return exchange;
}

const request = (command: string, more: Partial<OutgoingRequest> = {}): OutgoingRequest => ({
  command,
  tensors: [],
  toText: (id) => JSON.stringify({ id, command }),
  ...more,
});

async function takenFile(name: string): Promise<Record<string, unknown>> {
  const bytes = await channel.waitFor(() => channel.takeSync(name), { timeoutMs: 2000 });
  return JSON.parse(new TextDecoder().decode(bytes));
}

/** The worker's part: takes the request that is there. */
const taken = () => takenFile("request.json") as Promise<{ id: string; command: string }>;

/** The worker's part: answers once the slot is free. */
async function respond(id: string, fields: object): Promise<void> {
  await channel.waitFor(() => !channel.exists("response.json") || undefined, { timeoutMs: 2000 });
  const common = { cmd: "", params: "", command: "", tensors: [], protocol: 2, seq: 0 };
  const answer = { ...common, id, final: true, kind: "value", ...fields };
  channel.writeSync("response.json", JSON.stringify(answer));
  await channel.waitFor(() => !channel.exists("response.json") || undefined, { timeoutMs: 2000 });
}

const stoppedError = { type: "TaskCancelled", message: "", traceback: "", code: "TR_CANCELLED" };
const stopped = { kind: "error", error: stoppedError };
const item = (value: unknown, tensors: string[] = []) => ({
  ...{ kind: "item", final: false, value, tensors },
});

const errorOf = (promise: Promise<unknown>) =>
  promise.then(
    (value) => ({ value }),
    (error) => error,
  );

/** A call, with what aborts it. */
function call(command: string, limits: Limits = {}, more: Partial<OutgoingRequest> = {}) {
  const control = new AbortController();
  const { signal } = control;
  const answer = errorOf(exchange.submit(request(command, more), { signal, ...limits }));
  return { answer, abort: (reason?: unknown) => control.abort(reason) };
}

describe("a request that is given up", () => {
  it("before the worker has taken it is taken back with its tensors, and the next one goes", async () => {
    open();
    const tensors = [tensorFile("x", full([4], 1), 2, "args[0]")];
    const first = call("a", {}, { tensors });
    await channel.waitFor(() => channel.exists("request.json") || undefined, { timeoutMs: 2000 });
    const second = call("b");
    first.abort("enough");
    const error = await first.answer;
    expect(error).toMatchObject({ code: "TR_CANCELLED", stopped: "unsent", cause: "enough" });
    expect(channel.list().filter((name) => name !== "request.json")).toEqual([]);
    const { id, command } = await taken();
    expect(command).toBe("b");
    await respond(id, { value: 2 });
    expect(await second.answer).toHaveProperty("value.response.value", 2);
  });

  it("while its tensors are written is never sent", async () => {
    open();
    let seen: AbortSignal | undefined;
    channel.write = (_, __, { signal } = {}) =>
      new Promise((_resolve, reject) => {
        seen = signal;
        signal?.addEventListener("abort", () => reject(signal.reason));
      });
    const tensors = [tensorFile("x", full([4], 1), 2, "args[0]")];
    const { answer, abort } = call("a", {}, { tensors });
    abort();
    expect(await answer).toMatchObject({ code: "TR_CANCELLED", stopped: "unsent" });
    await exchange.settled();
    expect(seen?.aborted).toBe(true);
    expect(channel.list()).toEqual([]);
    expect(pending).toEqual({ unanswered: 0, isAwaited: false });
  });

  it.each([
    ["the word that it was stopped", stopped],
    ["a value, which crossed it", { value: 5 }],
    ["a value with a tensor", { value: { $tensor: "r" }, tensors: ["r"] }],
    ["an error of its clean-up", { kind: "error", error: { type: "OSError", message: "x" } }],
  ])("is settled once, when its last answer has come: %s", async (_, last) => {
    open();
    const { answer, abort } = call("a");
    const { id } = await taken();
    const next = call("b");
    await channel.write("r.tsr", encode(full([2], 1)));
    if (!("tensors" in last)) channel.removeSync("r.tsr");
    abort("enough");
    expect(await takenFile("cancel.json")).toEqual({ id });
    expect(pending).toEqual({ unanswered: 2, isAwaited: true });
    expect(channel.exists("request.json")).toBe(false); // the next one waits in its turn
    await respond(id, last);
    expect(await answer).toMatchObject({ stopped: "cancelled", cause: "enough" });
    expect(channel.list()).toEqual(["request.json"]);
    await respond((await taken()).id, { value: "next" });
    expect(await next.answer).toHaveProperty("value.response.value", "next");
  });

  it("for its time names what its clean-up raised as the cause", async () => {
    open();
    const { answer } = call("a", { timeoutMs: 5 });
    const { id } = await taken();
    await takenFile("cancel.json");
    await respond(id, { kind: "error", error: { type: "OSError", message: "disk" } });
    expect(await answer).toMatchObject({
      ...{ code: "TR_CALL_TIMEOUT", stopped: "cancelled", timeoutMs: 5 },
      cause: { code: "TR_PYTHON_ERROR", pythonType: "OSError" },
    });
  });

  it("by an answer that is there already when its time is found to be up is no late one", async () => {
    open();
    const { answer } = call("a", { timeoutMs: 20 });
    const { id } = await taken();
    channel.writeSync(
      "response.json",
      JSON.stringify({ id, seq: 0, final: true, kind: "value", value: "in time" }),
    );
    const end = performance.now() + 40;
    while (performance.now() < end); // this program is busy: the timer is the first to run
    expect(await answer).toHaveProperty("value.response.value", "in time");
  });

  it("waits with its cancel.json until the worker has taken the last one", async () => {
    open({ concurrency: 3 });
    const calls = ["a", "b", "c"].map((command) => call(command));
    const taking = [await taken(), await taken(), await taken()];
    for (const { abort } of calls) abort();
    expect(await takenFile("cancel.json")).toEqual({ id: taking[0]?.id });
    await respond(taking[1]?.id ?? "", stopped); // ends by itself: it need not be told any more
    expect(await takenFile("cancel.json")).toEqual({ id: taking[2]?.id });
    await respond(taking[2]?.id ?? "", stopped);
    await respond(taking[0]?.id ?? "", stopped);
    for (const { answer } of calls) expect(await answer).toMatchObject({ stopped: "cancelled" });
    expect(channel.list()).toEqual([]);
  });

  it("and does not end in time is stuck; with the end of its worker it was killed, and others crashed", async () => {
    open({ cancelGraceMs: 20 });
    const { answer, abort } = call("a");
    await taken();
    const queued = call("b");
    abort();
    while (stuck.length === 0) await new Promise(setImmediate);
    expect(stuck).toEqual(["a"]);
    exchange.fail(new TrError("TR_SESSION_CLOSED", "gone"));
    expect(await answer).toMatchObject({ code: "TR_CANCELLED", stopped: "killed" });
    expect(await queued.answer).toMatchObject({ code: "TR_SESSION_CLOSED" });
    expect(pending).toEqual({ unanswered: 0, isAwaited: false });
  });

  it("ends with the session's reason when the session is closed meanwhile", async () => {
    open();
    const { answer, abort } = call("a");
    await taken();
    abort();
    exchange.fail(new TrError("TR_SESSION_CLOSED", "closed"));
    expect(await answer).toMatchObject({ code: "TR_SESSION_CLOSED" });
  });
});

describe("progress", () => {
  it("is told before the answer; what cannot be read stops the call", async () => {
    open();
    const { answer } = call("a");
    const { id } = await taken();
    const report = { kind: "progress", final: false };
    await respond(id, { ...report, value: { done: 1, total: null, message: "" } });
    expect(progress).toEqual([{ done: 1, total: undefined, message: "" }]);
    await respond(id, { ...report, value: { done: "x" } });
    expect(await answer).toMatchObject({ code: "TR_PROTOCOL" });
    expect(await takenFile("cancel.json")).toEqual({ id });
    await respond(id, stopped);
    expect(pending).toEqual({ unanswered: 0, isAwaited: false });
  });
});

describe("an answer that cannot be read", () => {
  it("is not for a request that is being sent", async () => {
    open({ concurrency: 2 });
    const first = call("a");
    await taken();
    let write = () => {};
    channel.write = () =>
      new Promise((resolve) => {
        write = resolve;
      });
    const second = call("b", {}, { tensors: [tensorFile("x", full([4], 1), 2, "args[0]")] });
    channel.writeSync("response.json", "{");
    expect(await first.answer).toMatchObject({ code: "TR_PROTOCOL" });
    write();
    await respond((await taken()).id, { value: "second" });
    expect(await second.answer).toHaveProperty("value.response.value", "second");
  });

  it("is not for one whose answer is being read, nor is a second answer", async () => {
    open();
    let read = () => {};
    const bytes = encode(full([2], 1));
    channel.take = () =>
      new Promise((resolve) => {
        read = () => resolve(bytes);
      });
    const { answer } = call("a");
    const { id } = await taken();
    await respond(id, { value: { $tensor: "r" }, tensors: ["r"] });
    channel.writeSync("response.json", "{");
    exchange.drain();
    channel.writeSync("response.json", JSON.stringify({ ...stopped, id, final: true, seq: 1 }));
    exchange.drain();
    read();
    expect(await answer).toHaveProperty("value.response.value", { $tensor: "r" });
    expect(exchange.served).toBe(1);
  });
});

describe("a stream", () => {
  function stream(idleTimeoutMs?: number) {
    return new ItemStream({
      ...{ command: "s", idleTimeoutMs },
      open: () => (sink, settle) => ({
        exchange,
        pending: exchange.post(request("s"), { sink }, settle),
      }),
    });
  }
  const credit = async () => {
    await new Promise(setImmediate);
    const bytes = channel.readSync("credit.json");
    return bytes && JSON.parse(new TextDecoder().decode(bytes)).granted;
  };

  it("is sent at the first next(), and takes no place once it is", async () => {
    open();
    const items = stream();
    const call = errorOf(exchange.submit(request("before")));
    await respond((await taken()).id, { value: 0 });
    await call;
    expect(channel.list()).toEqual([]);
    const first = items.next();
    const { id, command } = await taken();
    expect(command).toBe("s");
    const beside = errorOf(exchange.submit(request("beside")));
    await respond((await taken()).id, { value: "beside" });
    expect(await beside).toHaveProperty("value.response.value", "beside");
    await respond(id, item("one"));
    expect(await first).toEqual({ done: false, value: "one" });
    expect(pending).toEqual({ unanswered: 1, isAwaited: false });
    const rest = [items.next(), items.next()];
    await respond(id, { value: "returned" });
    expect(await Promise.all(rest)).toEqual([
      { done: true, value: "returned" },
      { done: true, value: undefined },
    ]);
    expect(pending).toEqual({ unanswered: 0, isAwaited: false });
  });

  it("grants one item more than was asked for, in one write for a turn", async () => {
    open();
    const items = stream();
    let writes = 0;
    const { writeSync } = channel;
    channel.writeSync = (name, data) => {
      if (name === "credit.json") writes++;
      writeSync(name, data);
    };
    const first = [items.next(), items.next()];
    const { id } = await taken();
    for (const value of [1, 2]) await respond(id, item(value));
    await Promise.all(first);
    expect(await credit()).toEqual({ [id]: 3 });
    const others = [items.next(), items.next(), items.next()];
    expect(await credit()).toEqual({ [id]: 6 });
    expect(writes).toBe(2);
    for (const value of [3, 4, 5]) await respond(id, item(value));
    expect((await Promise.all(others)).map(({ value }) => value)).toEqual([3, 4, 5]);
  });

  it("grants nothing before the first credit is used up: a short one needs no file", async () => {
    open();
    const items = stream();
    const results = Array.from({ length: 4 }, () => items.next());
    const { id } = await taken();
    expect(await credit()).toBeUndefined();
    await respond(id, item(0));
    expect(await credit()).toBeUndefined();
    await respond(id, item(1));
    expect(await credit()).toEqual({ [id]: 5 });
    for (const value of [2, 3]) await respond(id, item(value));
    expect((await Promise.all(results)).map(({ value }) => value)).toEqual([0, 1, 2, 3]);
  });

  it("gives an error after the items before it, their tensors included, once", async () => {
    open();
    const items = stream();
    const first = items.next();
    const { id } = await taken();
    await channel.write("r1.tsr", encode(full([2], 7)));
    await respond(id, item({ $tensor: "r1" }, ["r1"]));
    await respond(id, { kind: "error", error: { type: "ValueError", message: "bad" } });
    expect(await first).toEqual({ done: false, value: full([2], 7) });
    expect(await errorOf(items.next())).toMatchObject({ pythonType: "ValueError" });
    expect(await items.next()).toEqual({ done: true, value: undefined });
    expect(channel.list()).toEqual([]);
  });

  it("that is left is stopped; return() resolves when it has ended, and rejects with a fault of its clean-up", async () => {
    open();
    for (const last of [stopped, { kind: "error", error: { type: "OSError", message: "x" } }]) {
      const items = stream();
      const first = items.next();
      const { id } = await taken();
      await respond(id, item(1));
      await first;
      const left = errorOf(items.return());
      expect(pending.isAwaited).toBe(true);
      expect(await takenFile("cancel.json")).toEqual({ id });
      await channel.write("late.tsr", encode(full([2], 7)));
      await respond(id, item({ $tensor: "late" }, ["late"]));
      await respond(id, last);
      if (last === stopped) expect(await left).toEqual({ value: { done: true, value: undefined } });
      else expect(await left).toMatchObject({ pythonType: "OSError" });
      expect(channel.list().filter((name) => name !== "credit.json")).toEqual([]);
      expect(pending).toEqual({ unanswered: 0, isAwaited: false });
    }
  });

  it("that is left before it was begun is never sent", async () => {
    open();
    const items = stream();
    expect(await items.return("x")).toEqual({ done: true, value: "x" });
    expect(await items.next()).toEqual({ done: true, value: undefined });
    expect(channel.list()).toEqual([]);
  });

  it("is silent only while its consumer waits", async () => {
    open();
    const items = stream(30);
    const first = items.next();
    const { id } = await taken();
    await respond(id, item(1));
    await first;
    await new Promise((resolve) => setTimeout(resolve, 60));
    const second = errorOf(items.next());
    expect(await takenFile("cancel.json")).toEqual({ id });
    await respond(id, stopped);
    expect(await second).toMatchObject({
      ...{ code: "TR_CALL_TIMEOUT", timeoutMs: 30, stopped: "cancelled" },
      message: expect.stringContaining("idleTimeoutMs"),
    });
  });

  it("ends with the worker: the items that came are given, then why", async () => {
    open();
    const items = stream();
    const first = items.next();
    const { id } = await taken();
    await respond(id, item(1));
    await first;
    await respond(id, item(2));
    exchange.fail(new TrError("TR_SESSION_CLOSED", "gone"));
    expect(await items.next()).toEqual({ done: false, value: 2 });
    expect(await errorOf(items.next())).toMatchObject({ code: "TR_SESSION_CLOSED" });
  });

  it("whose item cannot be read while it is stopped ends when the worker says so", async () => {
    open();
    let fail = (_: Error) => {};
    channel.take = () =>
      new Promise((_, reject) => {
        fail = reject;
      });
    const control = new AbortController();
    const outcome = new Promise<unknown>((resolve) => {
      const sink = { isAwaited: true, granted: 2, item() {} };
      exchange.post(request("s"), { sink, signal: control.signal }, resolve);
    });
    const { id } = await taken();
    await respond(id, item({ $tensor: "r" }, ["r"]));
    control.abort("enough");
    fail(new TrError("TR_PROTOCOL", "broken"));
    await new Promise(setImmediate);
    expect(pending.unanswered).toBe(1);
    await respond(id, stopped);
    expect(await outcome).toMatchObject({ code: "TR_CANCELLED", stopped: "cancelled" });
    expect(pending.unanswered).toBe(0);
  });
});
