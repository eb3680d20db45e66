import { full } from "@tr/tsr-codec";
import { describe, expect, it } from "vitest";
import { isMapped, script, useSessions } from "../test/scripts.js";
import type { PythonSession } from "./index.js";

const sessions = useSessions();
const x = full([5000], 3);

const hostile = () =>
  sessions.started({ script: script("hostile_memory.py"), transport: "shared-memory" });

/** What comes of a call to it, after which the session, or its next start, is as good as ever. */
async function errorOf(session: PythonSession, command: string, args: unknown[]): Promise<string> {
  const outcome = (name: string, given: unknown[]) =>
    session.call(name, given, { timeoutMs: 10_000 }).then(
      (value) => `an answer: ${JSON.stringify(value)?.slice(0, 50)}`,
      (error) => (error.code === "TR_PYTHON_ERROR" ? error.message : (error.code ?? `${error}`)),
    );
  const code = await outcome(command, args);
  if (!session.isReady()) await session.start();
  // What it has broken may be seen by the next call only.
  const next = await outcome("square", [x]);
  expect(next).toMatch(/^(an answer|TR_PROTOCOL|TR_SEGMENT_LOST|TR_WORKER_CRASHED)/);
  if (!session.isReady()) await session.start();
  expect(await session.call("square", [x])).toEqual(full([5000], 9));
  return code;
}

const segment = (index: number, value: unknown) => [["segments", 0, index], value];
const tensor = (index: number, value: unknown) => [["tensors", "*", index], value];

if (process.platform !== "win32")
  describe("a worker that breaks the rules", () => {
    it("of the field memory is told so; nothing outside of its segment is read", async () => {
      const session = await hostile();
      const lies: unknown[][] = [
        [[["segments"], []]],
        [[["segments"], {}]],
        [[["segments", 0], null]],
        [[["tensors"], null]],
        [[["tensors", "*"], "x"]],
        [segment(0, "stranger")],
        [segment(0, "host")],
        [segment(1, -1)],
        [segment(1, 24)],
        ...(isMapped ? [] : [[segment(2, 99)]]), // there is no such file; what is mapped has its own name
        [segment(4, 16)],
        [segment(4, -1)],
        [segment(4, 2 ** 60)],
        [segment(5, 7)],
        [segment(5, "0:0:0")],
        [segment(5, `${process.pid}:0:1`)],
        [segment(5, "../../etc/passwd")],
        [tensor(0, 1)],
        [tensor(0, -1)], // nothing is attached to the message
        [tensor(0, -2)],
        [tensor(0, "length")],
        [tensor(1, 2 ** 40)],
        [tensor(1, -64)],
        [tensor(1, 1)],
        [tensor(2, "complex128")],
        [tensor(2, "float64"), tensor(3, [2 ** 30])],
        [tensor(3, [-1])],
        [tensor(3, [0.5])],
        [tensor(3, [2 ** 53])],
        [tensor(3, [2 ** 40, 2 ** 40])],
        // The same segment as before, said to be larger than it is: a read beyond the mapping.
        [segment(4, 2 ** 40), tensor(1, 2 ** 39)],
        [segment(4, 2 ** 40), tensor(3, [2 ** 30])],
      ];
      for (const [i, lie] of lies.entries()) {
        if (i === 20) await session.terminate(); // what it lied about never comes back to it
        if (i === 20) await session.start();
        const code = await errorOf(session, "field", [lie]);
        expect([lie, code]).toEqual([lie, expect.stringMatching(/^TR_(PROTOCOL|SEGMENT_LOST)$/)]);
      }
      expect(session.info?.generation).toBe(2);
    });

    const ofMemoryFiles = async () => {
      const session = await hostile();
      for (const args of [
        [65_536, false, true, 65_536], // it could be cut under us
        [2 ** 40, true, false, 2 ** 40], // more than this machine has
        [65_536, true, true, 131_072],
        [0, true, false, 0],
      ]) {
        const code = await errorOf(session, "memory_file", args);
        expect([args, code]).toEqual([args, expect.stringMatching(/^TR_(PROTOCOL|SEGMENT_LOST)$/)]);
      }
    };
    if (isMapped) it("of memory files is told so before they are mapped", ofMemoryFiles);

    it("of the slot, or its counters, is ended with an error that says so", async () => {
      const session = await hostile();
      for (const length of [32_765, 2 ** 32 - 1]) {
        const code = await errorOf(session, "slot_length", [length]);
        expect([length, code]).toEqual([
          length,
          expect.stringMatching(/^TR_(PROTOCOL|SEGMENT_LOST)$/),
        ]);
      }
      for (const by of [2 ** 31]) {
        expect([by, await errorOf(session, "jump", [by])]).toEqual([by, "TR_PROTOCOL"]);
      }
      for (const text of ["", "{", '{"id":"x","seq":-1}']) {
        expect([text, await errorOf(session, "say", [text])]).toEqual([text, "TR_PROTOCOL"]);
      }
    });

    it("by counting on without end does not keep the event loop from its turns", async () => {
      const session = await hostile();
      const calls = async () => {
        await session.call("flood");
        for (;;) await session.call("square", [x]); // one may still be right by chance
      };
      await expect(calls()).rejects.toMatchObject({ code: "TR_PROTOCOL" });
      await session.start();
      expect(await session.call("square", [x])).toEqual(full([5000], 9));
    });

    it("of its words is survived", async () => {
      const session = await hostile();
      const all = Object.fromEntries(
        Array.from({ length: 56 }, (_, i) => [i + 8, 2 ** 32 - 1 - i]),
      );
      for (const words of [{ 1: 2 ** 31, 2: 77, 4: 2 ** 32 - 1, 5: 12_345 }, all]) {
        const call = session.call("words", [words], { timeoutMs: 10_000 });
        expect(await call).toBe("x");
        await session.terminate();
        await session.start();
      }
      const code = await errorOf(session, "words", [{ 3: 0 }]);
      expect(code).toMatch(/^(an answer: "x"|TR_SEGMENT_LOST)$/);
    });

    it("of a long answer's file is told so", async () => {
      const session = await hostile();
      for (const how of ["cut", "swollen", "huge", "directory", "link"]) {
        const code = await errorOf(session, "long_answer", [how]);
        expect([how, code]).toEqual([how, expect.stringMatching(/^TR_(PROTOCOL|SEGMENT_LOST)$/)]);
      }
    });

    it("by cutting memory harms nobody but itself", async () => {
      const session = await hostile();
      for (const names of [".block", ".segment"]) {
        await session.call("square", [x]);
        const code = await errorOf(session, "cut", [names]);
        // What is mapped is sealed; a plain file that it cuts may end itself.
        if (isMapped) expect(code).toMatch(/^an answer: \["PermissionError"/);
        else expect(code).toMatch(/^(TR_SEGMENT_LOST|TR_WORKER_CRASHED|an answer: .*)$/);
      }
      if (isMapped) return;
      for (const how of ["cut", "removed"]) {
        const other = await hostile(); // the host has not opened its segment yet
        expect([how, await errorOf(other, "cut_answer", [how])]).toEqual([how, "TR_SEGMENT_LOST"]);
      }
    });
  });
