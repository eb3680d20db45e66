import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { full, type Tensor, tensor } from "@tr/tsr-codec";
import { describe, expect, expectTypeOf, it } from "vitest";
import { sample, script, useSessions, useSharedSession } from "../../test/scripts.js";
import { type Box, type Server, server } from "../../test/wide.types.js";

const sessions = useSessions();
const shared = useSharedSession({ script: script("wide.py") });
const api = shared.as(server);

describe("typed calls", () => {
  it("carry tensors, values and options to the function and its result back", async () => {
    expect(await api.matmul(full([2, 3], 1), full([3, 2], 2))).toEqual(full([2, 2], 6));
    expect(await api.scalars(1n, 1.5, "s", true, null, new Uint8Array(4))).toEqual([
      ...[1, 1.5, "s", true, null, 4],
    ]);
    expect(
      await api.detect(full([1], 0), { threshold: 0.7, labels: ["cat"], limits: { low: 2 } }),
    ).toEqual([{ x: 7, y: 2, label: "cat" }]);
    expect(await api.detect(full([1], 0), { threshold: undefined }, {})).toHaveLength(2);
    expect(await api.quoted(full([1], 0), { maybe: { x: 1, y: 2 } })).toEqual([1, "one"]);
    expect(await api["image:describe"](full([5], 0))).toEqual({ verbose: false, size: 5 });
    expect(await api.keywords_only(2, 3, { offset: 1 })).toBe(7);
    expect(await api.positional_only(1, { b: 5, d: 6 })).toEqual([1, 5, 3, 6]);
    expect(await api.variadic("a", { second: "b", rest: [1, 2], more: { x: 0.5 } })).toEqual([
      ...["a", "b", [1, 2], { x: 0.5 }],
    ]);
    expect(await api.variadic("a")).toEqual(["a", "2nd", [], {}]);
    expect(await api.untyped(tensor(new Int8Array([1]), [1]))).toEqual(
      tensor(new Int8Array([1]), [1]),
    );
    expect(await api.nothing()).toBeNull();
  });

  it("are limited and cancelled as other calls are", async () => {
    const reason = new Error("no longer wanted");
    await expect(api.nothing({ signal: AbortSignal.abort(reason) })).rejects.toMatchObject({
      code: "TR_CANCELLED",
      cause: reason,
    });
    await expect(api.nothing({ timeoutMs: -1 })).rejects.toMatchObject({
      code: "TR_INVALID_ARGUMENT",
    });
  });

  it("have the types of the Python functions", () => {
    expectTypeOf(shared.as(server)).toEqualTypeOf<Server>();
    expectTypeOf(api.matmul).returns.resolves.toEqualTypeOf<Tensor>();
    expectTypeOf(api.detect).returns.resolves.toEqualTypeOf<Box[]>();
    expectTypeOf(api.choices).returns.resolves.toEqualTypeOf<"fast" | number>();
    expectTypeOf(api.ticks).returns.toEqualTypeOf<AsyncIterable<{ [key: string]: number }>>();
    expectTypeOf(api.choices).parameter(0).toEqualTypeOf<"fast" | "exact" | 3 | true | null>();
    expectTypeOf(api).not.toHaveProperty("then");
  });

  it("before start() say so", async () => {
    const early = sessions.make({ script: script("wide.py") });
    await expect(early.as(server).nothing()).rejects.toMatchObject({ code: "TR_NOT_STARTED" });
  });

  it("to a worker that was started anew from a changed script fail, and say what has changed", async () => {
    const path = join(sessions.workspace, "wide.py");
    copyFileSync(script("wide.py"), path);
    const session = await sessions.started({ script: path });
    const typed = session.as(server);
    expect(await typed.keywords_only(1, 2)).toBe(2);
    await session.terminate();
    const changed = readFileSync(path, "utf8")
      .replace("offset: float = 0.0", "shift: float = 0.0")
      .replace("a * scale + offset", "a * scale + shift");
    writeFileSync(path, changed);
    await session.start();
    // One that did not change is refused as well: the types are of another script.
    for (const call of [typed.keywords_only(1, 2), typed.nothing()]) {
      await expect(call).rejects.toMatchObject({
        code: "TR_PROTOCOL",
        message: expect.stringContaining("changed: keywords_only"),
      });
    }
    expect(await session.call("keywords_only", [1], { kwargs: { scale: 2 } })).toBe(2);
  });

  it("to a script without commands name what is missing", async () => {
    const session = await sessions.started({ script: sample("hello_server.py") });
    await expect(session.as(server).nothing()).rejects.toMatchObject({
      code: "TR_PROTOCOL",
      message: expect.stringContaining("missing: scalars, matmul"),
    });
  });

  it("to a worker of level 1 say what they need", async () => {
    const session = await sessions.started({ script: script("level_one.py") });
    await expect(session.as(server).nothing()).rejects.toMatchObject({ code: "TR_NEEDS_LEVEL_2" });
  });
});
