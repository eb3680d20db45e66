import { describe, expect, it, vi } from "vitest";
import { arange, full, reshape, zeros } from "./create.js";
import { fromNested } from "./nested.js";
import { tensor } from "./tensor.js";
import { decodeContainer, encodeContainer } from "./v4.js";

const refusing = (code: string) => expect.objectContaining({ code });
const image = reshape(arange(0, 120), [2, 3, 4, 5]);

describe("encodeContainer and decodeContainer", () => {
  it.each([false, true])("keep several tensors, compress: %s", async (compress) => {
    const tensors = [image, full([1, 1, 1, 1], -7, "int32"), full([1, 1, 2, 3], 1.5, "float16")];
    expect(await decodeContainer(await encodeContainer(tensors, { compress }))).toEqual(tensors);
  });

  it("give a shape of fewer dimensions ones in front", async () => {
    const [vector, scalar] = await decodeContainer(
      await encodeContainer([fromNested([1, 2], "int8"), fromNested(3)]),
    );
    expect([vector?.shape, scalar?.shape]).toEqual([
      [1, 1, 1, 2],
      [1, 1, 1, 1],
    ]);
  });

  it("give views on an uncompressed container with copy: false, and copies otherwise", async () => {
    const bytes = await encodeContainer([image]);
    const [view] = await decodeContainer(bytes, { copy: false });
    const [copy] = await decodeContainer(bytes);
    expect(view?.data.buffer).toBe(bytes.buffer);
    expect(copy?.data.buffer).not.toBe(bytes.buffer);
    expect([view, copy]).toEqual([image, image]);
  });

  it("hold the sum of all tensors against maxBytes", async () => {
    for (const compress of [false, true]) {
      const bytes = await encodeContainer([image, image], { compress });
      await expect(decodeContainer(bytes, { maxBytes: 959 })).rejects.toEqual(
        refusing("TSR_TOO_LARGE"),
      );
      expect(await decodeContainer(bytes, { maxBytes: 960 })).toHaveLength(2);
    }
  });

  it("leave the given bytes as they were, a Node Buffer's too", async () => {
    const bytes = await encodeContainer([image]);
    const buffer = Buffer.from(bytes);
    await decodeContainer(buffer);
    expect(buffer.equals(bytes)).toBe(true);
  });

  it("keep data that compress by the highest ratio there is", async () => {
    const zeroes = zeros([1, 1, 4096, 1024]);
    const bytes = await encodeContainer([zeroes], { compress: true });
    expect((4 * 4096 * 1024) / bytes.length).toBeGreaterThan(1000);
    expect(await decodeContainer(bytes)).toEqual([zeroes]);
  });

  it("refuse a size that no stream of this length can have, before allocating it", async () => {
    const bytes = await encodeContainer([fromNested([[[[1]]]], "int8")], { compress: true });
    const view = new DataView(bytes.buffer);
    // 2^30 bytes claimed for a stream of 9: every other field is right.
    view.setInt32(128 + 4, 2 ** 30, true);
    view.setBigInt64(128 + 20, 2n ** 30n, true);
    view.setBigInt64(128 + 36, 2n ** 30n, true);
    const before = process.memoryUsage().arrayBuffers;
    await expect(decodeContainer(bytes)).rejects.toEqual(refusing("TSR_BAD_COMPRESSION"));
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 20);
  });

  it("take shared memory", async () => {
    const bytes = await encodeContainer([image], { compress: true });
    const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
    shared.set(bytes);
    expect(await decodeContainer(shared)).toEqual([image]);
    const data = new Int8Array(new SharedArrayBuffer(4)).fill(3);
    const given = tensor(data, [1, 1, 1, 4]);
    expect(await decodeContainer(await encodeContainer([given], { compress: true }))).toEqual([
      full([1, 1, 1, 4], 3, "int8"),
    ]);
  });

  it.each([
    ["a dtype that the format does not have", [zeros([1], "int64")], "TSR_BAD_DTYPE"],
    ["an empty tensor", [zeros([0])], "TSR_INVALID_ARGUMENT"],
    ["five dimensions", [zeros([1, 1, 1, 1, 1])], "TSR_INVALID_ARGUMENT"],
    ["no tensors", [], "TSR_INVALID_ARGUMENT"],
    ["no array", image as never, "TSR_INVALID_ARGUMENT"],
    ["something else", [{} as never], "TSR_INVALID_ARGUMENT"],
  ])("refuse to write %s", async (_, tensors, code) => {
    await expect(encodeContainer(tensors)).rejects.toEqual(refusing(code));
  });
});

describe("where the platform ignores bytes after a zlib stream, as Node 22.12 does", () => {
  const Strict = DecompressionStream;

  /** A DecompressionStream that swallows the error for trailing bytes and ends instead. */
  class Lenient {
    readonly readable: ReadableStream<Uint8Array>;
    readonly writable: WritableStream<Uint8Array<ArrayBuffer>>;
    constructor(format: "deflate") {
      const { readable, writable } = new Strict(format);
      this.writable = writable;
      const reader = readable.getReader();
      this.readable = new ReadableStream({
        async pull(controller) {
          try {
            const { done, value } = await reader.read();
            if (done) controller.close();
            else controller.enqueue(value);
          } catch (error) {
            if ((error as { code?: string }).code !== "ERR_TRAILING_JUNK_AFTER_STREAM_END")
              throw error;
            controller.close();
          }
        },
      });
    }
  }

  it("finds them all the same", async () => {
    const strict = await encodeContainer([image], { compress: true });
    const longer = new Uint8Array(strict.length + 1);
    longer.set(strict);
    const view = new DataView(longer.buffer);
    view.setBigUint64(128 + 52, view.getBigUint64(128 + 52, true) + 1n, true);
    vi.stubGlobal("DecompressionStream", Lenient);
    vi.resetModules();
    const lenient = await import("./v4.js");
    expect(await lenient.decodeContainer(strict)).toEqual([image]);
    await expect(lenient.decodeContainer(longer)).rejects.toEqual(refusing("TSR_BAD_COMPRESSION"));
    vi.unstubAllGlobals();
  });
});
