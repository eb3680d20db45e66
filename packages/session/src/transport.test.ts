import { readFileSync } from "node:fs";
import { setTimeout } from "node:timers/promises";
import { full, type Tensor } from "@tr/tsr-codec";
import { describe, expect, it } from "vitest";
import { isMapped, script, until, useSessions } from "../test/scripts.js";
import type { SessionOptions } from "./options.js";
import { PythonSession } from "./python-session.js";

const sessions = useSessions();
const kind = isMapped ? "mapped" : "shared-memory";
const keeping: SessionOptions = { script: script("keeping.py"), transport: "shared-memory" };
const x = full([5000], 3);

if (process.platform === "linux")
  it("a worker that has answered through memory sleeps till it is rung for", async () => {
    const session = await sessions.started(keeping);
    expect(await session.call("slow_square", [x, 0])).toEqual(full([5000], 9));
    const { pid } = session.info ?? {};
    const sleeps = () => {
      const status = readFileSync(`/proc/${pid}/task/${pid}/status`, "utf8");
      return Number(/^voluntary_ctxt_switches:\t(\d+)$/m.exec(status)?.[1]);
    };
    const before = sleeps();
    await setTimeout(900);
    expect(sleeps() - before).toBeLessThan(8); // by the poll of files it wakes 18 times
  });

describe("the option transport", () => {
  it("is files when it says so", async () => {
    const session = await sessions.started({ transport: "file" });
    expect(session.info).toMatchObject({
      transport: "file",
      transportReason: 'the option transport is "file"',
    });
    expect(sessions.files().filter((name) => name.endsWith("control.block"))).toEqual([]);
  });

  if (process.platform !== "win32")
    it.each([{}, { transport: "auto" }, { transport: "shared-memory" }] as const)(
      "is shared memory where the worker can: %j",
      async (options) => {
        const session = new PythonSession({
          ...{ script: script("commands.py"), workspace: sessions.workspace, quiet: true },
          ...options,
        });
        await session.start();
        expect(session.info?.transport).toBe(kind);
        expect(session.info?.transportReason).toMatch(isMapped ? /both sides/ : /koffi|not on/);
        expect(await session.call("echo", ["hello"])).toBe("hello");
        await session.close();
      },
    );

  it("falls back to files for a worker of level 1, unless memory is asked for", async () => {
    const old = script("level_one.py");
    const session = await sessions.started({ script: old, transport: "auto" });
    expect(session.info).toMatchObject({ level: 1, transport: "file" });
    expect(session.info?.transportReason).toMatch(/level 1|Windows/);
    const asked = sessions.make({ script: old, transport: "shared-memory" });
    await expect(asked.start()).rejects.toMatchObject({
      code: "TR_NEEDS_LEVEL_2",
      message: expect.stringContaining('option transport: "shared-memory"'),
    });
    expect(asked.isAlive()).toBe(false);
  });

  it.each(["deaf", "torn"])(
    "falls back to files for a worker that opens nothing, unless memory is asked for: %s",
    async (what) => {
      const session = await sessions.started({ ...keeping, args: [what], transport: "auto" });
      expect(session.info?.transport).toBe("file");
      expect(session.info?.transportReason).toMatch(/has not opened|Windows/);
      expect(await session.call("slow_square", [x, 0])).toEqual(full([5000], 9));
      const asked = sessions.make({ ...keeping, args: [what] });
      await expect(asked.start()).rejects.toMatchObject({
        code: "TR_START_FAILED",
        message: expect.stringMatching(what === "torn" ? /without shared memory/ : /not opened/),
      });
    },
  );

  it("is refused when it is none of them", () => {
    const transport = "pigeon" as "file";
    expect(() => sessions.make({ transport })).toThrow(/option transport: expected one of auto/);
  });
});

describe("tensors through shared memory", () => {
  it("go by files while the worker keeps all segments, and the other way for results", async () => {
    const session = await sessions.started(keeping);
    const sent = Array.from({ length: 60 }, (_, i) => full([5000], i));
    for (const tensor of sent) await session.call("keep", [tensor]);
    expect(await session.call("is_shared", [x])).toBe(false);
    expect(await session.call("sums")).toEqual(sent.map((_, i) => 5000 * i));
    const many = await session.call<Tensor[]>("many", [60]);
    expect(many).toEqual(sent.map((_, i) => full([5000], i)));
    await session.call("forget");
    expect(await session.call("slow_square", [x, 0])).toEqual(full([5000], 9));
    expect(sessions.files().filter((name) => name.endsWith(".tsr"))).toEqual([]);
  });

  it("stay as they were sent when their place is used again", async () => {
    const session = await sessions.started(keeping);
    const results: Tensor[] = [];
    for (let i = 0; i < 40; i++)
      results.push(await session.call("slow_square", [full([5000], i), 0]));
    expect(results).toEqual(results.map((_, i) => full([5000], i * i)));
  });

  it("of requests that were taken back, and of answers that could not be sent, leave their places free", async () => {
    const session = await sessions.started(keeping);
    for (let i = 0; i < 100; i++) {
      const control = new AbortController();
      const call = session.call("slow_square", [x, 0], { signal: control.signal });
      control.abort();
      await expect(call).rejects.toMatchObject({ code: "TR_CANCELLED" });
      await expect(session.call("unsendable", [x])).rejects.toMatchObject({ code: /^TR_/ });
    }
    expect(await session.call("is_shared", [x])).toBe(true);
    const [result] = await session.call<Tensor[]>("many", [1]);
    expect(result?.data.byteOffset).toBe(0); // in a file a header stands before it
  });

  it("of a call under way come whole from a worker that leaves right after it", async () => {
    for (let i = 0; i < 5; i++) {
      const session = await sessions.started(keeping);
      const call = session.call<Tensor>("slow_square", [x, 0.1]);
      await until(() => session.isBusy());
      expect(await session.pleaseExit()).toBe(true);
      expect(await call).toEqual(full([5000], 9));
    }
  });

  it("of a call that ended the worker fail as every call does then, and the next process has memory of its own", async () => {
    const session = await sessions.started(keeping);
    await expect(session.call("die", [x])).rejects.toMatchObject({ code: "TR_WORKER_CRASHED" });
    await session.start();
    expect(session.info).toMatchObject({ transport: kind, generation: 2 });
    expect(await session.call("slow_square", [x, 0])).toEqual(full([5000], 9));
  });

  it("go through the documented methods as before", async () => {
    const session = await sessions.started({ transport: "shared-memory" });
    await session.sendTensor(x, "a");
    expect(await session.fetchTensor("square a")).toEqual(full([5000], 9));
  });
});
