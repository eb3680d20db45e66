import { readdirSync } from "node:fs";
import { full, scalar, type Tensor, tensor } from "@tr/tsr-codec";
import { describe, expect, it } from "vitest";
import { script, useSessions, useSharedSession } from "../test/scripts.js";
import { TrError } from "./index.js";

const sessions = useSessions();
const session = useSharedSession();
const files = () => readdirSync(session.sessionDir ?? "").sort();
const failure = async (promise: Promise<unknown>): Promise<TrError> => {
  const error = await promise.then(
    () => new Error("it did not fail"),
    (reason) => reason,
  );
  if (!TrError.is(error)) throw error;
  return error;
};

describe("a call", () => {
  it("carries JSON there and back unchanged", async () => {
    const values = [
      ...[
        null,
        true,
        0,
        -1.5,
        1e300,
        "",
        'text with "quotes", \\ and\nlines',
        "日本語 🙂",
        "\ud800",
      ],
      ...[[], {}, [1, [2, [3]]], { a: { b: [null, { c: "" }] }, "": 1, "key with spaces": 2 }],
      ...[{ $tensor: "not one" }, { $float: "nan" }, { $dict: { $int: 5 } }],
      ...[Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN, 2n ** 64n, -(2n ** 70n)],
    ];
    for (const value of values) expect(await session.call("echo", [value])).toEqual(value);
    expect(await session.call("echo")).toBeNull();
  });

  it("carries keyword arguments", async () => {
    const kwargs = { threshold: 0.5, labels: ["cat"], $tensor: "a name, not a tensor" };
    expect(await session.call("echo", [1], { kwargs })).toEqual({ value: 1, kwargs });
  });

  it.each([
    tensor(new Float32Array([1, 2, 3, -4]), [2, 2]),
    tensor(new Float64Array([0.1, Number.NaN]), [2]),
    tensor(new Int8Array([-5, 7]), [1, 2]),
    tensor(new Int32Array([3]), [1, 1, 1, 1]),
    tensor(new BigInt64Array([-3n]), [1]),
    tensor(new Uint16Array([300]), [1]),
    scalar(5),
    full([0, 4], 1),
    full([1, 2, 1, 2, 1, 2], 3),
  ] as Tensor[])("gives a tensor back as it went: $dtype $shape", async (x) => {
    expect(await session.call("echo", [x])).toEqual(x);
  });

  it("takes tensors anywhere inside its arguments and gives them anywhere inside its result", async () => {
    const x = full([2, 2], 1.5);
    const result = await session.call("nested", [[{ x }, { x: full([3], 2) }]]);
    expect(result).toEqual({ sums: [6, 6], first: x, n: 2 });
    const [q, r] = await session.call<[Tensor, Tensor]>("qr", [
      tensor(new Float64Array([3, 0, 4, 5]), [2, 2]),
    ]);
    expect([q.shape, r.shape]).toEqual([
      [2, 2],
      [2, 2],
    ]);
    expect(Math.abs(Number(r.data[0]))).toBeCloseTo(5);
  });

  it("sends bytes as a uint8 tensor", async () => {
    const result = await session.call("echo", [new Uint8Array([1, 2, 255])]);
    expect(result).toEqual(tensor(new Uint8Array([1, 2, 255]), [3]));
  });

  it("leaves no file behind, whatever it carried", async () => {
    await session.call("nested", [[{ x: full([64], 1) }, { x: full([64], 1) }]]);
    await failure(session.call("fail", [full([8], 1)]));
    const carried = files().filter(
      (name) => !/^control\.block$|\.segment$|^spare\..*\.tmp$|^worker\.bell$/.test(name),
    );
    expect(carried).toEqual(["heartbeat.json", "host.json", "status.txt", "worker.json"]);
  });

  it("keeps its place: calls made at once are answered each with its own result, in order", async () => {
    const order: number[] = [];
    const calls = Array.from({ length: 200 }, async (_, i) => {
      const result = await session.call("echo", [i]);
      order.push(i);
      return result;
    });
    expect(await Promise.all(calls)).toEqual(order.map((_, i) => i));
    expect(order).toEqual(Array.from({ length: 200 }, (_, i) => i));
  });

  it("that fails in Python says what, where and why, and leaves the session usable", async () => {
    const error = await failure(session.call("fail", ["no luck"]));
    expect(error).toMatchObject({
      code: "TR_PYTHON_ERROR",
      message: "fail: ValueError: no luck",
      pythonType: "ValueError",
      pythonMessage: "no luck",
    });
    const { pythonTraceback } = error as TrError & { pythonTraceback: string };
    expect(pythonTraceback).toContain("commands.py");
    expect(pythonTraceback).toContain("KeyError: 'inner'");
    expect(error.stack).toMatch(/call\.test\.ts[\s\S]*at fail \(.*commands\.py:\d+\)/);
    expect(await session.call("echo", [1])).toBe(1);
  });

  it("whose result no tensor file can hold names its path, its dtype and the supported ones", async () => {
    const error = await failure(session.call("complex_numbers"));
    expect(error).toMatchObject({ code: "TR_UNSUPPORTED_DTYPE", dtype: "complex64" });
    expect(error.message).toContain("result.spectrum[0]");
    expect((error as TrError & { supported: string[] }).supported).toContain("float64");
  });

  it("of an unknown command lists the known ones", async () => {
    const error = await failure(session.call("ecko", [1]));
    expect(error).toMatchObject({ code: "TR_UNKNOWN_COMMAND", command: "ecko" });
    expect((error as TrError & { commands: string[] }).commands).toContain("echo");
    expect(error.message).toContain("echo");
  });

  it("with arguments that do not fit shows the signature", async () => {
    const error = await failure(session.call("sleep", [1, 2]));
    expect(error.code).toBe("TR_INVALID_ARGUMENT");
    expect(error.message).toContain("sleep(seconds)");
  });

  it.each([
    [[() => 1], /args\[0\]/],
    [[{ a: [new Map()] }], /args\[0\]\.a\[0\]/],
    [[{ dtype: "float32", shape: [3], data: new Float32Array(2) }], /args\[0\]/],
  ])("with a value that cannot travel names its path and sends nothing", async (args, path) => {
    const error = await failure(session.call("echo", args as unknown[]));
    expect(error.code).toBe("TR_INVALID_ARGUMENT");
    expect(error.message).toMatch(path);
    expect(session.isReady()).toBe(true);
  });

  it("whose time is up fails alone: it is stopped, and leaves no tensors", async () => {
    const late = session.call("slow_square", [full([4], 2), 0.3], { timeoutMs: 50 });
    const timedOut = { code: "TR_CALL_TIMEOUT", timeoutMs: 50, stopped: "cancelled" };
    expect(await failure(late)).toMatchObject(timedOut);
    expect(await session.call("echo", ["next"])).toBe("next");
    expect(files().filter((name) => name.endsWith(".tsr"))).toEqual([]);
  });

  it("that is aborted fails with the reason; one still queued was never sent", async () => {
    const count = await session.call<number>("count");
    const control = new AbortController();
    const running = session.call("sleep", [0.2], { signal: control.signal });
    const queued = session.call("count", [], { signal: control.signal });
    control.abort(new Error("enough"));
    const [first, error] = await Promise.all([failure(running), failure(queued)]);
    expect(first).toMatchObject({ code: "TR_CANCELLED" });
    expect(error).toMatchObject({ code: "TR_CANCELLED", stopped: "unsent" });
    expect(error.cause).toEqual(new Error("enough"));
    expect(await session.call("count")).toBe(count + 1);
    const before = session.call("count", [], { signal: AbortSignal.abort() });
    expect(await failure(before)).toMatchObject({ stopped: "unsent" });
    expect(await session.call("count")).toBe(count + 2);
  });

  it.each([0, -1, Number.NaN])("refuses the time limit %d", async (timeoutMs) => {
    expect(await failure(session.call("echo", [], { timeoutMs }))).toMatchObject({
      code: "TR_INVALID_ARGUMENT",
      message: expect.stringContaining("timeoutMs"),
    });
  });

  it("before start() says so", async () => {
    const error = await failure(sessions.make().call("echo"));
    expect(error.code).toBe("TR_NOT_STARTED");
  });

  it("made while the worker starts waits for it", async () => {
    const early = sessions.make({ script: script("level_one.py"), spawn: "process" });
    const starting = early.start();
    expect(await early.call("say", ["early"])).toBe("you said early");
    await starting;
  });
});

describe("calculate", () => {
  it("gives one tensor", async () => {
    const squared = await session.calculate("square", full([2, 3], -3));
    expect(squared).toEqual(full([2, 3], 9));
  });

  it("refuses a result that is not one tensor", async () => {
    expect(await failure(session.calculate("count"))).toMatchObject({ code: "TR_PROTOCOL" });
  });

  it("takes the options of call last, and nothing but tensors before", async () => {
    const x = full([2], 3);
    await expect(
      session.calculate("slow_square", x, { kwargs: { seconds: 1 }, timeoutMs: 20 }),
    ).rejects.toMatchObject({ code: "TR_CALL_TIMEOUT" });
    const squared = await session.calculate<Tensor<"float32">>("slow_square", x, {
      kwargs: { seconds: 0 },
    });
    expect(squared).toEqual(full([2], 9));
    const number = session.calculate("square", 5 as unknown as Tensor, x);
    await expect(number).rejects.toMatchObject({
      code: "TR_INVALID_ARGUMENT",
      message: expect.stringContaining("argument 0"),
    });
  });

  it("carries 64 MiB", async () => {
    const x = tensor(new Float32Array(2 ** 24).fill(3), [2 ** 12, 2 ** 12]);
    const { data, shape } = await session.calculate("square", x);
    expect(shape).toEqual(x.shape);
    expect(data.length).toBe(2 ** 24);
    expect((data as Float32Array).every((value) => value === 9)).toBe(true);
  });
});
