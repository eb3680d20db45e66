import { readFileSync } from "node:fs";
import { full, type Tensor, tensor } from "@tr/tsr-codec";
import { describe, expect, expectTypeOf, it } from "vitest";
import { script, useSessions, useSharedSession } from "../test/scripts.js";

const options = { script: script("shared_tensors.py") };
const isLinux = process.platform === "linux";
const sessions = useSessions();
const session = useSharedSession(options);
const isMapped = (): boolean => session.info?.transport === "mapped";
const refused = (text: RegExp) =>
  expect.objectContaining({ code: "TR_INVALID_ARGUMENT", message: expect.stringMatching(text) });

function filled(shape: number[], value: number): Tensor<"float32"> {
  const made = session.allocate(shape);
  made.data.fill(value);
  return made;
}

/** Other calls take what is free. What they leave is released: of 16 results that nobody releases the next are copies. */
async function useOthers(): Promise<void> {
  for (let i = 0; i < 5; i++) session.release(await session.calculate("square", full([1000], i)));
}

/** Mapped by both processes. */
const sharedFiles = async () => memoryFiles() + (await session.call<number>("memory_files"));
const memoryFiles = () =>
  readFileSync("/proc/self/maps", "utf8").match(/memfd:tech-renaissance/g)?.length ?? 0;

describe("a tensor of allocate()", () => {
  it("goes to call, calculate and stream, and what they give is the same everywhere", async () => {
    const x = filled([2, 500], 3);
    expectTypeOf(x).toEqualTypeOf<Tensor<"float32">>();
    expect(await session.calculate("square", x)).toEqual(full([2, 500], 9));
    expect(await session.call("total", [x])).toBe(3000);
    const steps: number[] = [];
    for await (const step of session.stream<Tensor<"float32">>("doubled", [x, 3])) {
      steps.push(step.data[999] ?? 0);
    }
    expect(steps.at(-1)).toBe(24);
    const y = session.allocate([3], "int64");
    expectTypeOf(y).toEqualTypeOf<Tensor<"int64">>();
    y.data.set([1n, 2n, 3n]);
    expect((await session.calculate<Tensor<"int64">>("square", y)).data).toEqual(
      new BigInt64Array([1n, 4n, 9n]),
    );
    expect(session.release(x)).toBe(true);
    expect(session.release(y)).toBe(true);
  });

  it("is written into by Python where it is mapped, and comes back as the same memory; else as a copy", async () => {
    const x = filled([1000], 3);
    const y = await session.calculate<Tensor<"float32">>("double", x);
    expect(y).toEqual(full([1000], 6));
    expect(x.data[999]).toBe(isMapped() ? 6 : 3);
    expect(y.data.buffer === x.data.buffer).toBe(isMapped());
    session.release(x);
    expect(y.data.length).toBe(isMapped() ? 0 : 1000);
  });

  it("can be sent in parts, and anything can be a part of the answer", async () => {
    const x = filled([64], 2);
    x.data.fill(5, 16);
    const part = tensor(x.data.subarray(16, 32), [16]);
    const answer = await session.call<Record<string, Tensor>>("pair", [part]);
    expect(answer).toEqual({ first: full([16], 5), second: full([16], 5), row: full([2], 5) });
    session.release(x);
  });

  it("of 0 elements, of no dimension, and with a dtype, is what it says", async () => {
    expect(session.allocate([0, 3], "int8")).toEqual({
      ...{ dtype: "int8", shape: [0, 3], data: new Int8Array(0) },
    });
    const one = session.allocate([], "float64");
    one.data[0] = 1.5;
    expect(await session.call("total", [one])).toBe(1.5);
    expect(session.release(one)).toBe(true);
  });

  it("is refused once it was released, at the call and in the queue", async () => {
    const x = filled([100], 1);
    expect(session.release(x)).toBe(true);
    expect(x.data.length).toBe(0);
    expect(session.release(x)).toBe(false);
    await expect(session.call("total", [x])).rejects.toEqual(
      refused(/args\[0\].*expected 100 elements.*released/),
    );
    const y = filled([100], 1);
    const waits = [session.call("wait"), session.call("wait")];
    const late = session.call("total", [y]);
    session.release(y);
    await expect(late).rejects.toEqual(refused(/expected.*100.*found.*released/));
    await Promise.all(waits);
  });

  it("is an ordinary one when too many are in use, and arguments still have room", async () => {
    const many = Array.from({ length: 40 }, (_, i) => filled([1000], i));
    const totals = await Promise.all(many.map((x) => session.call("total", [x])));
    expect(totals).toEqual(many.map((_, i) => 1000 * i));
    const y = await session.calculate("square", full([1000], 3));
    expect(y).toEqual(full([1000], 9));
    session.release(y);
    expect(many.map((x) => session.release(x))).not.toContain(false);
    expect(many.map(({ data }) => data.length)).toEqual(many.map(() => 0));
  });

  it("is refused for what is no shape, no dtype, and more than there is", () => {
    expect(() => session.allocate([-1])).toThrow(refused(/-1/));
    expect(() => session.allocate([2], "float33" as "float32")).toThrow(refused(/float33/));
    expect(() => session.allocate([2 ** 45])).toThrow(
      expect.objectContaining({ code: "TR_WORKSPACE_FULL" }),
    );
    expect(() => session.release({} as Tensor)).toThrow(refused(/expected a tensor/));
    expect(session.release(full([2], 1))).toBe(false);
  });

  it("needs a worker that has started", async () => {
    const other = sessions.make(options);
    expect(() => other.allocate([1])).toThrow(expect.objectContaining({ code: "TR_NOT_STARTED" }));
    await other.close();
    expect(() => other.allocate([1])).toThrow(
      expect.objectContaining({ code: "TR_SESSION_CLOSED" }),
    );
  });

  it("outlives its worker, and the next one gets a copy", async () => {
    const other = await sessions.started(options);
    const x = other.allocate([1000]);
    x.data.fill(4);
    const y = await other.calculate("square", x);
    await expect(other.call("die")).rejects.toMatchObject({ code: "TR_WORKER_CRASHED" });
    expect(() => other.allocate([1])).toThrow(
      expect.objectContaining({ code: "TR_WORKER_CRASHED" }),
    );
    expect([x.data[999], y.data[999]]).toEqual([4, 16]);
    await other.start();
    expect(await other.calculate("square", x)).toEqual(full([1000], 16));
    expect(await other.calculate("square", y)).toEqual(full([1000], 256));
    await other.close();
    expect(other.release(x)).toBe(true);
    expect(x.data.length).toBe(0);
  });

  it("of another session is copied", async () => {
    const other = await sessions.started(options);
    const x = filled([1000], 4);
    expect(await other.calculate("double", x)).toEqual(full([1000], 8));
    expect(x.data[0]).toBe(4);
    session.release(x);
  });
});

describe("memory in use by both sides", () => {
  it("that Python keeps of a released tensor is nobody else's", async () => {
    const x = filled([1000], 5);
    await session.call("keep", [x]);
    session.release(x);
    for (let i = 0; i < 40; i++) {
      const other = filled([1000], 99);
      await session.call("total", [other]);
      session.release(other);
    }
    expect(await session.call("first_kept")).toEqual(full([1000], 5));
    await session.call("forget");
  });

  it("that Python gives twice is the host's until the last view is released", async () => {
    await session.call("make", [7]);
    const first = await session.call<Tensor>("first_kept");
    const second = await session.call<Tensor>("first_kept");
    await session.call("forget");
    for (const [released, held] of [[second, first] as const]) {
      expect(session.release(released)).toBe(isMapped());
      await useOthers();
      expect(held).toEqual(full([1000], 7));
      session.release(held);
    }
  });

  it("that Python made is not copied when it is sent, and comes back as one more view", async () => {
    const x = await session.calculate<Tensor<"float32">>("square", full([1000], 3));
    const part = tensor(x.data.subarray(16), [984]);
    const y = await session.calculate<Tensor<"float32">>("double", part);
    expect(y).toEqual(full([984], 18));
    expect(x.data.slice(15, 17)).toEqual(new Float32Array([9, isMapped() ? 18 : 9]));
    const unaligned = tensor(x.data.subarray(1), [999]);
    const copied = await session.calculate("double", unaligned);
    expect(copied.shape).toEqual([999]);
    expect(x.data[1]).toBe(9);
    for (const one of [copied, x]) session.release(one);
    await useOthers();
    expect(y).toEqual(full([984], 18));
    await session.call("keep", [y]);
    session.release(y);
    await useOthers();
    expect(await session.call("first_kept")).toEqual(full([984], 18));
    await session.call("forget");
  });

  it("goes from call to call for ever", async () => {
    const before = isMapped() ? await sharedFiles() : 0;
    let state = await session.calculate<Tensor<"float32">>("square", full([20_000], 1));
    for (let i = 0; i < 200; i++) {
      const next = await session.calculate<Tensor<"float32">>(i % 2 ? "double" : "square", state);
      session.release(state);
      state = next;
      if (i % 2) state.data.fill(1);
    }
    expect(state.data[19_999]).toBe(1);
    session.release(state);
    if (isMapped()) expect(await sharedFiles()).toBeLessThanOrEqual(before + 2 * 4);
  });

  it("shows what is written later, where it is mapped and made by empty()", async () => {
    await session.call("make", [7]);
    const x = await session.call<Tensor>("first_kept");
    await session.call("write_kept", [8]);
    expect(x.data[999]).toBe(isMapped() ? 8 : 7);
    await session.call("forget");
    session.release(x);
  });

  it("is not shared with a result that was made otherwise", async () => {
    await session.call("keep", [full([1000], 2)]);
    const x = await session.call<Tensor>("first_kept");
    await session.call("write_kept", [8]);
    expect(x).toEqual(full([1000], 2));
    await session.call("forget");
  });

  if (process.platform !== "win32") {
    it("is not handed out again by a child that the worker forks", async () => {
      const x = filled([1000], 1);
      expect(await session.call("from_child", [x])).toBe(2000);
      session.release(x);
    });
  }

  it("that is not there is a typed error in Python too", async () => {
    expect(await session.call("too_much")).toMatch(/^(TR_WORKSPACE_FULL|MemoryError)$/);
    expect(await session.calculate("square", full([10], 3))).toEqual(full([10], 9));
  });
});

describe("many calls", () => {
  const { TR_TEST_TRANSPORT, TR_TEST_MAPPED } = process.env;
  const calls = TR_TEST_TRANSPORT === "file" || TR_TEST_MAPPED === "off" ? 500 : 10_000;
  it(`allocate and release ${calls} times, and nothing is left`, async () => {
    const wrong: number[] = [];
    const before = isMapped() ? await sharedFiles() : 0;
    for (let i = 0; i < calls; i++) {
      const x = filled([1000 + (i % 7)], i % 100);
      const y = await session.calculate<Tensor<"float32">>("square", x);
      if (y.data.at(-1) !== (i % 100) ** 2) wrong.push(i);
      session.release(x);
      session.release(y);
    }
    expect(wrong).toEqual([]);
    // What was allocated and what came back: what is given back shows a message later.
    if (isMapped()) expect(await sharedFiles()).toBeLessThanOrEqual(before + 2 * 4);
  });

  it("leave it to the collector, and nothing grows", async () => {
    const held: Tensor[] = [];
    for (let i = 0; i < 300; i++) {
      const x = filled([100_000], i);
      if (i < 30) held.push(await session.calculate("square", x));
      const y = await session.calculate<Tensor<"float32">>("square", x);
      expect(y.data[99_999]).toBe(Math.fround(i * i));
    }
    if (isLinux) expect(memoryFiles()).toBeLessThan(60);
    // Those that are not collected yet leave room for others: what goes by a file has a header in front of it.
    const y = await session.call<Tensor>("square", [full([9], 3)]);
    if (isMapped()) expect(y.data.byteOffset).toBe(0);
  });
});

if (isLinux) {
  describe("memory that the worker cuts", () => {
    it("cannot be cut where it is mapped, and else is a typed error", async () => {
      const other = await sessions.started(options);
      const kind = other.info?.transport;
      const x = other.allocate([50_000]);
      x.data.fill(3);
      const y = await other.calculate("square", x);
      if (kind !== "shared-memory") {
        const files = kind === "mapped" ? ["memfd:tech-renaissance"] : [".tsr"];
        const outcomes = kind === "mapped" ? ["Operation not permitted"] : [];
        expect(await other.call("cut", files)).toEqual(outcomes);
        expect([x.data[49_999], y.data[49_999]]).toEqual([3, 9]);
        expect(await other.calculate("square", x)).toEqual(full([50_000], 9));
        return;
      }
      expect(await other.call("cut", [".segment"])).toEqual(["cut"]);
      const lost = { code: "TR_SEGMENT_LOST" };
      await expect(other.calculate("square", x)).rejects.toMatchObject(lost);
      expect(await other.call("memory_files")).toBe(0);
    });
  });
}
