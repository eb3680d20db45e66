import { getEventListeners } from "node:events";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { FileChannel } from "./file-channel.js";
import { createMemoryChannel } from "./memory-channel.js";
import { openFileChannel } from "./open-file-channel.js";
import { temporaryDirectory } from "./temporary-directory.fixture.js";

const bytes = (...values: number[]) => Uint8Array.from(values);
const text = (content: Uint8Array | undefined) => new TextDecoder().decode(content);
const code = (name: string) => expect.objectContaining({ code: name });
const turn = () => new Promise((resolve) => setImmediate(resolve));

const cleanUps: (() => void)[] = [];
const directory = () => temporaryDirectory((cleanUp) => cleanUps.push(cleanUp));

// What every channel promises, whatever carries it.
describe.each([
  ["a file channel", () => openFileChannel(directory())],
  [
    "a file channel without notifications",
    () => openFileChannel(directory(), { notifications: false }),
  ],
  ["a memory channel", createMemoryChannel],
])("%s", (_, open) => {
  let channel: FileChannel;
  beforeEach(() => {
    channel = open();
  });
  afterEach(() => {
    channel.close();
    for (const cleanUp of cleanUps.splice(0)) cleanUp();
  });

  describe("files", () => {
    it("come back as they were written: text, bytes, pieces, nothing", () => {
      channel.writeSync("a.txt", "Grüße 😀");
      expect(text(channel.readSync("a.txt"))).toBe("Grüße 😀");
      channel.writeSync("a.txt", bytes(1, 2, 3));
      expect(channel.readSync("a.txt")).toEqual(bytes(1, 2, 3));
      channel.writeSync("a.txt", [bytes(), bytes(1), bytes(), bytes(2, 3), bytes()]);
      expect(channel.readSync("a.txt")).toEqual(bytes(1, 2, 3));
      for (const nothing of ["", bytes(), [], [bytes()]]) {
        channel.writeSync("a.txt", nothing);
        expect(channel.readSync("a.txt")).toEqual(bytes());
      }
    });

    it("that are taken are gone", async () => {
      channel.writeSync("a.txt", "x");
      expect(text(channel.takeSync("a.txt"))).toBe("x");
      expect(channel.takeSync("a.txt")).toBe(undefined);
      channel.writeSync("a.txt", "y");
      expect(text(await channel.take("a.txt"))).toBe("y");
      expect(await channel.take("a.txt")).toBe(undefined);
      expect(channel.exists("a.txt")).toBe(false);
    });

    it("that are not there are undefined, and removing them is false", async () => {
      expect(channel.readSync("a.txt")).toBe(undefined);
      expect(channel.exists("a.txt")).toBe(false);
      expect(channel.removeSync("a.txt")).toBe(false);
      channel.writeSync("a.txt", "x");
      expect(channel.exists("a.txt")).toBe(true);
      expect(channel.removeSync("a.txt")).toBe(true);
      expect(channel.exists("a.txt")).toBe(false);
    });

    it("are listed in order", () => {
      for (const name of ["b.tsr", "request.json", "A", "a.b.c"]) channel.writeSync(name, "x");
      expect(channel.list()).toEqual(["A", "a.b.c", "b.tsr", "request.json"]);
    });

    it("larger than maxBytes are refused and stay", async () => {
      channel.writeSync("a.txt", bytes(1, 2, 3, 4));
      const limit = { maxBytes: 3 };
      expect(() => channel.readSync("a.txt", limit)).toThrow(code("TR_PROTOCOL"));
      expect(() => channel.takeSync("a.txt", limit)).toThrow(/is 4 bytes, more than the 3/);
      await expect(channel.take("a.txt", limit)).rejects.toThrow(code("TR_PROTOCOL"));
      expect(channel.takeSync("a.txt", { maxBytes: 4 })).toHaveLength(4);
    });

    it("belong to the reader, in buffers of their own", async () => {
      const data = new Uint8Array(5000).fill(7);
      for (const size of [10, 5000]) {
        channel.writeSync("a.tsr", data.subarray(0, size));
        const read = channel.readSync("a.tsr") as Uint8Array;
        const taken = (await channel.take("a.tsr")) as Uint8Array;
        for (const content of [read, taken]) {
          expect(content.constructor).toBe(Uint8Array);
          expect(content.buffer.byteLength).toBe(size);
        }
        read.fill(0);
        expect(taken[0]).toBe(7);
      }
    });

    it("that are large come back too, in pieces of any size", async () => {
      const whole = Uint8Array.from({ length: 3_000_001 }, (_, index) => index % 251);
      await channel.write("big.tsr", whole);
      expect(Buffer.compare((await channel.take("big.tsr")) as Uint8Array, whole)).toBe(0);
      const cuts = [0, 1, 1, 300_000, 300_007, 2_999_999, whole.length];
      const pieces = cuts.slice(1).map((end, index) => whole.subarray(cuts[index], end));
      await channel.write("big.tsr", pieces);
      expect(channel.list()).toEqual(["big.tsr"]);
      expect(Buffer.compare(channel.takeSync("big.tsr") as Uint8Array, whole)).toBe(0);
      const crumbs = Array.from({ length: 2000 }, (_, index) => bytes(index % 251));
      channel.writeSync("crumbs.tsr", crumbs);
      expect(channel.takeSync("crumbs.tsr")).toEqual(whole.slice(0, 2000).map((_, i) => i % 251));
    });

    it("are not begun when the signal is already aborted", async () => {
      const reason = new Error("enough");
      const signal = AbortSignal.abort(reason);
      await expect(channel.write("a.txt", "x", { signal })).rejects.toBe(reason);
      expect(channel.list()).toEqual([]);
      channel.writeSync("a.txt", "x");
      await expect(channel.take("a.txt", { signal })).rejects.toBe(reason);
      expect(channel.exists("a.txt")).toBe(true);
    });

    it("can still be written, read and removed after close()", () => {
      channel.close();
      channel.writeSync("a.txt", "x");
      expect(text(channel.takeSync("a.txt"))).toBe("x");
    });

    it("refuse data that is neither text nor bytes", async () => {
      for (const bad of [5, null, undefined, {}, ["x"], new ArrayBuffer(1)]) {
        const data = bad as unknown as string;
        expect(() => channel.writeSync("a.txt", data)).toThrow(code("TR_INVALID_ARGUMENT"));
        await expect(channel.write("a.txt", data)).rejects.toThrow(code("TR_INVALID_ARGUMENT"));
      }
      expect(channel.list()).toEqual([]);
    });
  });

  describe("names", () => {
    const refuse = async (bad: unknown) => {
      const name = bad as string;
      const invalid = code("TR_INVALID_ARGUMENT");
      expect(() => channel.writeSync(name, "x")).toThrow(invalid);
      await expect(channel.write(name, "x")).rejects.toThrow(invalid);
      expect(() => channel.readSync(name)).toThrow(invalid);
      expect(() => channel.takeSync(name)).toThrow(invalid);
      await expect(channel.take(name)).rejects.toThrow(invalid);
      expect(() => channel.exists(name)).toThrow(invalid);
      expect(() => channel.removeSync(name)).toThrow(invalid);
    };

    it("are file names and never paths", async () => {
      const hostile = [
        ...["", ".", "..", "../a", "/etc/passwd", "a/b", "a\\b", "a\0", "a\n", " a", "a."],
        ...[".hidden", "a..b", "a.b.c.d", "C:a", "a:stream", "é", "%2e%2e", "a".repeat(65)],
        ...[undefined, null, 5, ["a"], { toString: () => "a" }],
      ];
      for (const name of hostile) await refuse(name);
    });

    it("of any other shape are refused by every method", async () => {
      const bad = fc
        .oneof(
          fc.string({ unit: "binary" }),
          fc
            .array(fc.constantFrom("..", "/", "\\", ".", "a", "\0", "~", " "), { maxLength: 6 })
            .map((parts) => parts.join("")),
        )
        .filter((name) => !/^[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_-]{1,16}){0,2}$/.test(name));
      await fc.assert(fc.asyncProperty(bad, refuse), { seed: 5, numRuns: 500 });
    });

    it("that end in .tmp are not written: those files are half-written ones", () => {
      expect(() => channel.writeSync("request.tmp", "x")).toThrow(code("TR_INVALID_ARGUMENT"));
    });
  });

  describe("waiting", () => {
    const take = () => channel.takeSync("a.txt");
    const forever = { timeoutMs: undefined };

    it("ends at once when the look finds something, also null, 0 and false", async () => {
      for (const found of [null, 0, false, ""]) {
        expect(await channel.waitFor(() => found, forever)).toBe(found);
      }
    });

    it("ends when a file has come, for each that waits", async () => {
      const waits = ["a", "b", "c"].map((name) =>
        channel.waitFor(() => channel.takeSync(name), forever),
      );
      await turn();
      for (const name of ["c", "a", "b"]) await channel.write(name, name);
      expect((await Promise.all(waits)).map(text)).toEqual(["a", "b", "c"]);
    });

    it("ends when a file has gone", async () => {
      channel.writeSync("a.txt", "x");
      const gone = channel.waitFor(() => !channel.exists("a.txt") || undefined, forever);
      await turn();
      channel.removeSync("a.txt");
      expect(await gone).toBe(true);
    });

    it("misses nothing that comes between its first look and the next", async () => {
      for (let round = 0; round < 50; round += 1) {
        let looks = 0;
        const wait = channel.waitFor(() => {
          const found = take();
          looks += 1;
          // Right after an empty look, at the worst moment.
          if (looks === 1) channel.writeSync("a.txt", String(round));
          return found;
        }, forever);
        expect(text(await wait)).toBe(String(round));
      }
    });

    it("ends undefined after its time, not earlier, and can be repeated", async () => {
      for (const timeoutMs of [0, 1, 50]) {
        const start = performance.now();
        expect(await channel.waitFor(take, { timeoutMs })).toBe(undefined);
        expect(performance.now() - start).toBeGreaterThanOrEqual(timeoutMs);
      }
      channel.writeSync("a.txt", "late");
      expect(text(await channel.waitFor(take, { timeoutMs: 0 }))).toBe("late");
    });

    it("looks once more when the time is over: what came in time is found", async () => {
      const wait = channel.waitFor(take, { timeoutMs: 20 });
      const start = performance.now();
      while (performance.now() - start < 40); // the event loop is blocked past the deadline
      channel.writeSync("a.txt", "x");
      expect(text(await wait)).toBe("x");
    });

    it("for longer than a timer can count does not end at once", async () => {
      const abort = new AbortController();
      const wait = channel.waitFor(take, { timeoutMs: 2 ** 40, signal: abort.signal });
      setTimeout(() => abort.abort("enough"), 50);
      await expect(wait).rejects.toBe("enough");
    });

    it("refuses a time-out that is no time", async () => {
      for (const timeoutMs of [-1, Number.NaN, "5s" as unknown as number]) {
        const wait = channel.waitFor(take, { timeoutMs });
        await expect(wait).rejects.toThrow(code("TR_INVALID_ARGUMENT"));
      }
    });

    it("is aborted with the signal's reason, before and while it waits", async () => {
      const reason = { any: "value" };
      const aborted = AbortSignal.abort(reason);
      await expect(channel.waitFor(take, { ...forever, signal: aborted })).rejects.toBe(reason);
      const abort = new AbortController();
      const wait = channel.waitFor(take, { ...forever, signal: abort.signal });
      abort.abort(reason);
      await expect(wait).rejects.toBe(reason);
    });

    it("leaves no listener on the signal, however it ends", async () => {
      const { signal } = new AbortController();
      const listeners = () => getEventListeners(signal, "abort").length;
      const found = channel.waitFor(take, { ...forever, signal });
      const late = channel.waitFor(() => undefined, { timeoutMs: 30, signal });
      let broken = false;
      const failed = channel.waitFor(
        () => {
          if (broken) throw new Error("no");
          return undefined;
        },
        { ...forever, signal },
      );
      expect(listeners()).toBe(3);
      broken = true;
      channel.writeSync("a.txt", "x");
      await Promise.allSettled([found, late, failed]);
      expect(listeners()).toBe(0);
      const closed = channel.waitFor(take, { ...forever, signal });
      channel.close();
      await expect(closed).rejects.toThrow(code("TR_SESSION_CLOSED"));
      expect(listeners()).toBe(0);
    });

    it("rejects with what the look throws, and leaves the other waits alone", async () => {
      const other = channel.waitFor(take, forever);
      const failure = new Error("look");
      const look = () => {
        throw failure;
      };
      await expect(channel.waitFor(look, forever)).rejects.toBe(failure);
      channel.writeSync("a.txt", "x");
      expect(text(await other)).toBe("x");
    });

    it("ends with TR_SESSION_CLOSED when the channel is closed, and after that", async () => {
      const waits = [channel.waitFor(take, forever), channel.waitFor(take, forever)];
      channel.close();
      channel.close();
      for (const wait of waits) await expect(wait).rejects.toThrow(code("TR_SESSION_CLOSED"));
      await expect(channel.waitFor(take, forever)).rejects.toThrow(code("TR_SESSION_CLOSED"));
      expect(() => channel.onHint(() => {})).toThrow(code("TR_SESSION_CLOSED"));
    });

    it("ends with TR_SESSION_CLOSED when its own first look closes the channel", async () => {
      const look = () => channel.close() as undefined;
      await expect(channel.waitFor(look, forever)).rejects.toThrow(code("TR_SESSION_CLOSED"));
    });
  });
});
