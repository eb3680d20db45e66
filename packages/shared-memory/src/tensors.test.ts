import { readdirSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { join } from "node:path";
import { dtypes, full, type Tensor, zeros } from "@tr/tsr-codec";
import { afterEach, describe, expect, it } from "vitest";
import { missing, startWorker, type TestWorker, ways } from "./worker.fixture.js";

let worker: TestWorker | undefined;
afterEach(async () => {
  await worker?.close();
  worker = undefined;
});
const segments = ({ directory }: TestWorker) =>
  readdirSync(directory).filter((name) => name.endsWith(".segment"));
const memoryFiles = (pid: number | undefined) =>
  readFileSync(`/proc/${pid}/maps`, "utf8").match(/memfd:tech-renaissance/g)?.length ?? 0;

describe.each(Object.entries(ways))("tensors, %s", (_, way) => {
  const whyNot = missing(way);

  it.skipIf(whyNot)("of every dtype and shape come back as they were", async () => {
    worker = await startWorker(way);
    const all: Tensor[] = dtypes.map((dtype) => {
      const made = zeros([3, 5], dtype);
      const bytes = new Uint8Array(made.data.buffer, made.data.byteOffset, made.data.byteLength);
      bytes.forEach((_byte, i) => {
        bytes[i] = dtype === "bool" ? i % 2 : (i * 37) % 120;
      });
      return made;
    });
    all.push(zeros([], "float64"), zeros([0], "int8"), zeros([2, 0, 7], "float32"));
    const found = await worker.send({ do: "same", kind: "array" }, ...all);
    expect([...found.values()]).toEqual(all);
  });

  it.skipIf(whyNot)("large ones are squared, in memory of the caller's own", async () => {
    worker = await startWorker(way);
    for (const count of [1, 1024, 2 ** 18, 2 ** 20, 9 * 2 ** 20]) {
      const x = full([count], 3);
      const first = (await worker.send({ do: "square" }, x)).get("y") as Tensor<"float32">;
      const second = (await worker.send({ do: "square" }, full([count], 5))).get("y");
      expect([first.data[0], first.data[count - 1], second?.data[0]]).toEqual([9, 9, 25]);
      expect(first.data.length).toBe(count);
    }
  });

  it.skipIf(whyNot)("small ones go in the message, each in memory of its own", async () => {
    worker = await startWorker(way);
    const { tensors } = worker.connection;
    const sent = [
      full([3], 1, "int8"),
      full([500], 2),
      zeros([0], "int8"),
      full([3], 3, "float64"),
    ];
    const placed = await tensors.put(sent.map((tensor, i) => ({ tag: String(i), tensor })));
    expect(placed?.field.segments).toEqual([]);
    const found = [...(await worker.send({ do: "same" }, ...sent)).values()];
    expect(found).toEqual(sent);
    expect(new Set(found.map(({ data }) => data.buffer)).size).toBe(4);
    const most = full([4096], 5); // 16 KiB
    expect((await worker.send({ do: "square" }, most)).get("y")).toEqual(full([4096], 25));
    await worker.send({ do: "keep" }, full([10], 7));
    await worker.send({ do: "square" }, full([10], 8));
    expect((await worker.call({ do: "kept" })).values).toEqual([7]);
    expect(segments(worker)).toEqual([]);
  });

  it.skipIf(whyNot)("small ones of a message that is longer than its slot come whole", async () => {
    worker = await startWorker(way);
    const long = "é".repeat(20_000);
    const sent = full([4000], 3);
    const found = await worker.send({ do: "same", text: long }, sent);
    expect(found.get("0")).toEqual(sent);
  });

  it.skipIf(whyNot)("use the same segments again and again", async () => {
    worker = await startWorker(way);
    for (let i = 0; i < 60; i++) await worker.send({ do: "square" }, full([20_000], i));
    const found = way.mapped ? memoryFiles(worker.child.pid) : segments(worker).length;
    expect(found).toBeLessThanOrEqual(way.mapped ? 4 : 3);
  });

  it.skipIf(whyNot)("what Python keeps of an argument does not change under it", async () => {
    worker = await startWorker(way);
    for (let i = 0; i < 10; i++) await worker.send({ do: "keep" }, full([5000], i));
    for (let i = 0; i < 10; i++) await worker.send({ do: "square" }, full([5000], 99));
    const { values } = await worker.call({ do: "kept" });
    expect(values).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it.skipIf(whyNot)(
    "when Python keeps them all, they must go another way, until it lets go",
    async () => {
      worker = await startWorker(way);
      const { tensors } = worker.connection;
      const x = full([5000], 1);
      for (let i = 0; i < 24; i++) await worker.send({ do: "keep" }, x);
      expect(tensors.put([{ tag: "x", tensor: x }])).toBeUndefined();
      await worker.call({ do: "forget" });
      await worker.call({ do: "echo" });
      expect(await worker.send({ do: "same" }, x)).toEqual(new Map([["0", x]]));
    },
  );

  it.skipIf(whyNot)("that Python never reads give their segment back", async () => {
    worker = await startWorker(way);
    for (let i = 0; i < 100; i++) await worker.send({ do: "ignore" }, full([5000], i));
  });

  it.skipIf(whyNot)("a request that was not sent gives its segment back", async () => {
    worker = await startWorker(way);
    const { tensors } = worker.connection;
    for (let i = 0; i < 100; i++) {
      const placed = await tensors.put([{ tag: "x", tensor: full([5000], i) }]);
      if (placed === undefined) throw new Error("no segment is left");
      tensors.reclaim(placed);
    }
  });

  it.skipIf(whyNot)("a response that nobody wants gives its segment back", async () => {
    worker = await startWorker(way);
    for (let i = 0; i < 100; i++) {
      const { memory } = await worker.call({ do: "fill", count: 5000 });
      expect(memory).not.toBeNull();
      worker.connection.tensors.drop(memory);
    }
  });

  it.skipIf(whyNot)("memory that is not used is given back, on both sides", async () => {
    worker = await startWorker(way);
    const { child } = worker;
    const before = way.mapped ? memoryFiles(process.pid) : 0; // with views of other tests
    await worker.send({ do: "square" }, full([2 ** 20], 2));
    worker.connection.tensors.trim({ all: true });
    await worker.call({ do: "trim" });
    worker.connection.tensors.trim({ all: true });
    expect(segments(worker)).toEqual([]);
    const { count } = await worker.call({ do: "mapped", name: way.mapped ? "memfd" : "segment" });
    // The block itself is a memory file where the host maps it, and mapped unless the worker reads it.
    expect(count).toBe(way.mapped && way.words.length === 0 ? 1 : 0);
    if (way.mapped) expect(memoryFiles(process.pid)).toBeLessThanOrEqual(before);
    const again = await worker.send({ do: "square" }, full([2 ** 20], 3));
    expect(again.get("y")?.data[0]).toBe(9);
    expect(child.exitCode).toBeNull();
  });

  if (way.mapped) return; // its memory cannot be cut
  it.skipIf(whyNot)("a segment that was cut or removed is a typed error", async () => {
    worker = await startWorker(way);
    await worker.send({ do: "square" }, full([50_000], 2));
    const { tensors } = worker.connection;
    const [ofHost = ""] = segments(worker).filter((name) => name.startsWith("host"));
    const [ofWorker = ""] = segments(worker).filter((name) => name.startsWith("worker"));
    const placed = await tensors.put([{ tag: "x", tensor: full([5000], 2) }]);
    truncateSync(join(worker.directory, ofHost), 100);
    const answer = await worker.call({ do: "square", memory: placed?.field });
    expect(answer.code).toBe("TR_SEGMENT_LOST");
    const { memory } = await worker.call({ do: "fill", count: 50_000 });
    truncateSync(join(worker.directory, ofWorker), 100);
    expect(() => tensors.take(memory)).toThrow(
      expect.objectContaining({ code: "TR_SEGMENT_LOST" }),
    );
  });

  it.skipIf(whyNot)("a segment that is gone before it was opened is a typed error", async () => {
    worker = await startWorker(way);
    const { tensors } = worker.connection;
    const placed = await tensors.put([{ tag: "x", tensor: full([5000], 2) }]);
    const { memory } = await worker.call({ do: "fill", count: 5000 });
    for (const name of segments(worker)) rmSync(join(worker.directory, name));
    expect((await worker.call({ do: "square", memory: placed?.field })).code).toBe(
      "TR_SEGMENT_LOST",
    );
    expect(() => tensors.take(memory)).toThrow(
      expect.objectContaining({ code: "TR_SEGMENT_LOST" }),
    );
  });
});
