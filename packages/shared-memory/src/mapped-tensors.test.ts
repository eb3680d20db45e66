import { readFileSync } from "node:fs";
import { setTimeout as sleep } from "node:timers/promises";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { full, type Tensor } from "@tr/tsr-codec";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { loadNative } from "./native.js";
import type { PlacedTensors } from "./outgoing-tensors.js";
import { startWorker, type TestWorker, ways } from "./worker.fixture.js";

const native = loadNative();
setFlagsFromString("--expose-gc");
const collect = runInNewContext("gc") as () => void;
const mappings = () =>
  readFileSync("/proc/self/maps", "utf8").match(/memfd:tech-renaissance/g)?.length ?? 0;

/** Until the collector has really run, and what it tells has been heard. */
async function collected(isDone: () => boolean): Promise<void> {
  const until = performance.now() + 20_000;
  while (!isDone() && performance.now() < until) {
    collect();
    await sleep(5);
  }
}

describe.skipIf(typeof native === "string")("mapped tensors", () => {
  let worker: TestWorker;
  let isOpen = false;
  beforeEach(async () => {
    worker = await startWorker(ways.mapped);
    isOpen = true;
  });
  const close = async () => {
    if (isOpen) await worker.close();
    isOpen = false;
  };
  afterEach(close);

  const allocate = (shape: number[]): Tensor<"float32"> => {
    const made = worker.connection.tensors.allocate(shape, "float32");
    if (made === undefined) throw new Error("no memory");
    return made as Tensor<"float32">;
  };

  it("Python works on the very memory of an allocated tensor", async () => {
    const x = allocate([4, 1000]);
    x.data.fill(3);
    const found = (await worker.send({ do: "square-in-place" }, x)).get("y");
    expect(x.data[3999]).toBe(9); // no copy on the way
    expect(found?.data.buffer).toBe(x.data.buffer); // nor back
    expect(found?.shape).toEqual([4, 1000]);
  });

  it("a part of an allocated tensor is sent without a copy too", async () => {
    const x = allocate([64]);
    x.data.fill(2);
    const part = { dtype: "float32", shape: [16], data: x.data.subarray(16, 32) } as const;
    await worker.send({ do: "square-in-place" }, part);
    expect([x.data[15], x.data[16], x.data[31], x.data[32]]).toEqual([2, 4, 4, 2]);
  });

  it("what Python makes with empty() comes as a view, and is Python's again when it is released", async () => {
    for (let i = 1; i <= 50; i++) {
      const y = (await worker.send({ do: "square-given" }, full([3000], i))).get("y") as Tensor;
      expect([y.data[0], y.data[2999], y.data.length]).toEqual([i * i, i * i, 3000]);
      expect(worker.connection.tensors.release(y)).toBe(true);
      expect(y.data.length).toBe(0);
    }
    expect(mappings()).toBeLessThanOrEqual(5); // the block, and two on each side: what is given back shows a message later
  });

  it("a result that is held is not overwritten by the next ones", async () => {
    const held: Tensor[] = [];
    for (let i = 1; i <= 8; i++) {
      held.push((await worker.send({ do: "square-given" }, full([3000], i))).get("y") as Tensor);
    }
    expect(held.map(({ data }) => data[2999])).toEqual([1, 4, 9, 16, 25, 36, 49, 64]);
  });

  it("the collector gives back what is not released: allocated tensors and views", async () => {
    const { tensors } = worker.connection;
    const seen = new FinalizationRegistry<number>(() => gone++);
    let gone = 0;
    for (let i = 0; i < 10; i++) {
      await (async () => {
        const x = allocate([3000]);
        x.data.fill(i);
        const y = (await worker.send({ do: "square-given" }, x)).get("y") as Tensor;
        seen.register(x.data.buffer, i);
        seen.register(y.data.buffer, i);
      })();
    }
    await collected(() => gone === 20);
    await worker.call({ do: "echo" }); // tells the worker what it has back
    await worker.call({ do: "trim" });
    tensors.trim({ all: true });
    expect([gone, mappings()]).toEqual([20, 1]); // the block
  });

  it("a tensor released while Python still has it is not used for anything else", async () => {
    const x = allocate([1000]);
    x.data.fill(5);
    await worker.send({ do: "keep" }, x);
    expect(worker.connection.tensors.release(x)).toBe(true);
    for (let i = 0; i < 5; i++) allocate([1000]).data.fill(99);
    for (let i = 0; i < 5; i++) await worker.send({ do: "square" }, full([5000], 98));
    expect(await worker.call({ do: "kept" })).toEqual({ did: "kept", values: [5] });
  });

  it("one tensor in two requests is free only after both", async () => {
    const x = allocate([1000]);
    x.data.fill(6);
    await worker.send({ do: "keep" }, x);
    await worker.send({ do: "square" }, x); // comes back, the other is still kept
    worker.connection.tensors.release(x);
    for (let i = 0; i < 5; i++) await worker.send({ do: "square" }, full([5000], 98));
    expect(await worker.call({ do: "kept" })).toEqual({ did: "kept", values: [6] });
  });

  it("a request that is taken back leaves the tensor as it was", async () => {
    const { tensors } = worker.connection;
    const x = allocate([1000]);
    const placed = await tensors.put([{ tag: "x", tensor: x }]);
    if (placed === undefined) throw new Error("every segment is lent");
    tensors.reclaim(placed);
    x.data.fill(4);
    await worker.send({ do: "square-in-place" }, x);
    expect(x.data[0]).toBe(16);
    tensors.release(x);
    expect(allocate([1000]).data.length).toBe(1000);
  });

  it.each([
    ["first", [0, 1]],
    ["last", [1, 0]],
  ])("requests that are taken back, the %s one first, leave its memory free", (_, order) => {
    const { tensors } = worker.connection;
    const x = allocate([1000]);
    const fields = [0, 1].map(() => tensors.put([{ tag: "x", tensor: x }]) as PlacedTensors);
    for (const index of order) tensors.reclaim(fields[index] as PlacedTensors);
    tensors.release(x);
    const again = tensors.put([{ tag: "x", tensor: full([5000], 1) }]) as PlacedTensors;
    expect(again.field.segments[0]?.[1]).toBe(0); // the same place
    tensors.reclaim(again);
  });

  it("a tensor that was released is not sent, and keeps nothing that would have gone with it", () => {
    const { tensors } = worker.connection;
    const [x, y] = [allocate([1000]), allocate([1000])];
    const before = mappings();
    tensors.release(y);
    const sent = [x, y].map((tensor, i) => ({ tag: `t${i}`, tensor }));
    expect(() => tensors.put(sent)).toThrow(
      expect.objectContaining({
        code: "TR_INVALID_ARGUMENT",
        message: expect.stringMatching(/t1.*released/),
      }),
    );
    tensors.release(x);
    expect(allocate([1000]).data.length).toBe(1000);
    expect(mappings()).toBeLessThanOrEqual(before); // one of the two was used again
  });

  it("transfer() of its buffer copies, structuredClone refuses to move it", () => {
    const x = allocate([10]);
    x.data.fill(7);
    const buffer = x.data.buffer as ArrayBuffer;
    expect(() => structuredClone(buffer, { transfer: [buffer] })).toThrow(/transfer/);
    const moved = new Float32Array(buffer.transfer());
    expect([moved[9], x.data.length]).toEqual([7, 0]);
    expect(worker.connection.tensors.release(x)).toBe(false); // it is given back already
  });

  it("refuses what is no shape and no dtype", () => {
    const { tensors } = worker.connection;
    const wrong: [unknown, unknown][] = [
      [[-1], "float32"],
      [[1.5], "float32"],
      [[2 ** 30, 2 ** 30], "float32"],
      ["3", "float32"],
      [[3], "float33"],
      [Array(33).fill(1), "int8"],
    ];
    for (const [shape, dtype] of wrong) {
      expect(() => tensors.allocate(shape as number[], dtype as "int8")).toThrow(
        expect.objectContaining({ code: "TR_INVALID_ARGUMENT" }),
      );
    }
    expect(tensors.allocate([0, 3], "int64")?.data.length).toBe(0);
  });

  it("nothing else can cut the memory under the host", async () => {
    const x = allocate([1000]);
    const { truncateSync, readdirSync, readlinkSync } = await import("node:fs");
    const files = readdirSync("/proc/self/fd").filter((fd) => {
      try {
        return readlinkSync(`/proc/self/fd/${fd}`).includes("memfd:tech-renaissance");
      } catch {
        return false; // the listing's own
      }
    });
    expect(files.length).toBeGreaterThanOrEqual(2);
    for (const fd of files) {
      expect(() => truncateSync(`/proc/self/fd/${fd}`, 0)).toThrow(/EPERM/);
    }
    x.data.fill(1);
  });

  it("tensors that are still held live on after the end, and their memory goes with them", async () => {
    const before = mappings();
    const x = allocate([1000]);
    x.data.fill(2);
    const y = (await worker.send({ do: "square-given" }, x)).get("y") as Tensor<"float32">;
    const { tensors } = worker.connection;
    await close();
    expect([x.data[999], y.data[999]]).toEqual([2, 4]);
    tensors.release(x);
    tensors.release(y);
    expect([x.data.length, y.data.length]).toEqual([0, 0]);
    expect(mappings()).toBeLessThan(before);
  });

  it("a large result needs no copy, and a closed worker leaves no mapping", async () => {
    const y = (await worker.send({ do: "square" }, full([3 * 2 ** 20], 3))).get("y");
    expect([y?.data[0], y?.data.at(-1)]).toEqual([9, 9]);
    if (y) worker.connection.tensors.release(y);
    await close();
    await collected(() => mappings() === 0);
    expect(mappings()).toBe(0);
  });
});
