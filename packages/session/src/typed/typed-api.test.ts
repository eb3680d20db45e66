import { TrError } from "@tr/protocol/errors";
import { expect, it, vi } from "vitest";
import { type Server, server } from "../../test/wide.types.js";
import { signaturesCommand } from "./check-signatures.js";
import { type TypedCaller, typedApi } from "./typed-api.js";
import type { TypedServer } from "./typed-server.js";

type Answer = (command: string) => unknown;
const same: Answer = () => ({ hash: server.hash, commands: {} });

async function* noItems(): AsyncGenerator<unknown> {}

/** A session in small: it knows no more than typed calls ask of it. */
function makeApi(answer: Answer = same, stream: TypedCaller["stream"] = noItems) {
  const call = vi.fn(async (command: string, args: readonly unknown[], options: object) =>
    command === signaturesCommand ? answer(command) : { command, args, options },
  );
  const worker = { facts: { level: 2 as 1 | 2 } };
  const started = { worker };
  const caller: TypedCaller = { call, stream };
  const api = typedApi(server, caller, async () => started.worker);
  const asked = () => call.mock.calls.filter(([command]) => command === signaturesCommand).length;
  return { api, call, caller, started, asked };
}

it("has the commands and nothing else: no prototype, no symbols, no then", async () => {
  const { api } = makeApi();
  const names = Object.keys(server.commands);
  expect(Object.keys(api)).toEqual(names);
  expect(Object.getPrototypeOf(api)).toBeNull();
  expect(Object.isFrozen(api)).toBe(true);
  for (const name of ["then", "catch", "constructor", "toString", Symbol.iterator]) {
    expect(Reflect.get(api, name)).toBeUndefined();
  }
  expect(await api).toBe(api);
});

it("leaves out a command called then even where a hand-made value has it", () => {
  const name = "then";
  const made = { hash: "", commands: Object.fromEntries([[name, { kind: "function" }]]) };
  const api = typedApi(made as TypedServer<object>, makeApi().caller, async () => ({
    facts: { level: 2 },
  }));
  expect(Object.keys(api)).toEqual([]);
});

it("asks each started worker once, however many calls are made at once", async () => {
  const { api, started, asked } = makeApi();
  await Promise.all([api.nothing(), api.keywords_only(1, 2), api.nothing()]);
  await api.nothing();
  expect(asked()).toBe(1);
  started.worker = { facts: { level: 2 } };
  await api.nothing();
  expect(asked()).toBe(2);
});

it("passes arguments, keyword arguments and options on", async () => {
  const { api, call } = makeApi();
  const { signal } = new AbortController();
  await api.keywords_only(1, 2, { offset: 3 }, { timeoutMs: 5, signal });
  expect(call).toHaveBeenLastCalledWith("keywords_only", [1], {
    kwargs: { scale: 2, offset: 3 },
    timeoutMs: 5,
    signal,
  });
});

it("lets a worker have commands that the types do not know", async () => {
  const { commands } = server;
  const { api } = makeApi(() => ({ hash: "other", commands: { ...commands, more: { hash: "" } } }));
  await expect(api.nothing()).resolves.toMatchObject({ command: "nothing" });
});

it("refuses every call to a worker whose signatures are others, and says which", async () => {
  const { commands } = server;
  const { nothing: _, ...others } = commands;
  const changed = { ...others, matmul: { hash: "other" } };
  const { api, asked } = makeApi(() => ({ hash: "other", commands: changed }));
  for (let i = 0; i < 2; i++) {
    const error: unknown = await api.untyped(1).catch((reason) => reason);
    expect(TrError.is(error, "TR_PROTOCOL") && error.message).toContain(
      "(changed: matmul; missing: nothing)",
    );
  }
  expect(asked()).toBe(1);
});

it("asks again when the worker could not be asked", async () => {
  let fails = true;
  const { api } = makeApi(() => {
    if (fails)
      throw new TrError("TR_WORKER_CRASHED", "gone", {
        exitCode: 1,
        signal: null,
        oom: false,
        stderrTail: "",
      });
    return { hash: server.hash, commands: {} };
  });
  await expect(api.nothing()).rejects.toMatchObject({ code: "TR_WORKER_CRASHED" });
  fails = false;
  await expect(api.nothing()).resolves.toBeDefined();
});

it.each([null, "text", {}, { hash: 1, commands: {} }, { hash: "x", commands: null }])(
  "refuses %j for an answer about signatures",
  async (answer) => {
    const { api } = makeApi(() => answer);
    await expect(api.nothing()).rejects.toMatchObject({ code: "TR_PROTOCOL" });
  },
);

it("ends the wait for the comparison when the call is aborted", async () => {
  const { api } = makeApi(() => new Promise(() => {}));
  const abort = new AbortController();
  const call = api.nothing({ signal: abort.signal });
  abort.abort(new Error("enough"));
  await expect(call).rejects.toMatchObject({ code: "TR_CANCELLED", cause: abort.signal.reason });
});

it("says that a worker of level 1 has no signatures", async () => {
  const { api, started, call } = makeApi();
  started.worker.facts.level = 1;
  await expect(api.nothing()).rejects.toMatchObject({ code: "TR_NEEDS_LEVEL_2" });
  expect(call).not.toHaveBeenCalled();
});

it("makes streams of the commands that are, and ends them with their consumer", async () => {
  const ended = vi.fn();
  const stream = vi.fn(async function* (): AsyncGenerator<unknown> {
    try {
      yield* [1, 2, 3];
    } finally {
      ended();
    }
  });
  const { api } = makeApi(same, stream);
  const got: number[] = [];
  for await (const item of api.count(3, { start: 1 }, { idleTimeoutMs: 9 })) {
    got.push(item);
    if (item === 2) break;
  }
  expect(got).toEqual([1, 2]);
  expect(ended).toHaveBeenCalledOnce();
  const options = { kwargs: { start: 1 }, idleTimeoutMs: 9 };
  expect(stream).toHaveBeenCalledWith("count", [3], options, expect.any(Function));
});

it("holds the worker of a stream to its signatures as well", async () => {
  const stream: TypedCaller["stream"] = async function* (_, __, ___, check) {
    yield await check();
  };
  const changed = { count: { hash: "another" } };
  const { api, asked } = makeApi(() => ({ hash: "", commands: changed }), stream);
  const items = api.count(3)[Symbol.asyncIterator]();
  expect(asked()).toBe(0);
  await expect(items.next()).rejects.toMatchObject({ code: "TR_PROTOCOL" });
});

it("refuses what is not the value of a generated module", () => {
  const wrong = "server.py" as unknown as TypedServer<Server>;
  expect(() => typedApi(wrong, makeApi().caller, async () => ({ facts: { level: 2 } }))).toThrow(
    expect.objectContaining({ code: "TR_INVALID_ARGUMENT" }),
  );
});
