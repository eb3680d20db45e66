import { mkdirSync, rmSync, symlinkSync } from "node:fs";
import { join } from "node:path";
import { full, type Tensor, tensor } from "@tr/tsr-codec";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { processExists, script, useSessions } from "../test/scripts.js";

const sessions = useSessions();
const code = (promise: Promise<unknown>) =>
  promise.then(
    (value) => value,
    (error) => error.code,
  );
const firstOf = ({ data }: Tensor) => data[0];

describe("answers with tensors of the same names", () => {
  it("each reach their own request, read late or many at once", async () => {
    const session = await sessions.started({ script: script("filling.py") });
    await session.sendRequest("fill 1 4");
    await session.sendRequest("fill 2 4");
    expect((await session.fetchTensors("fill 9 4 2")).map(firstOf)).toEqual([9, 10]);
    expect(await session.fetchResponse("fill 5 4")).toBe("result_0");
    expect(firstOf(await session.waitForTensor())).toBe(1);
    expect(firstOf(await session.waitForTensor())).toBe(2);
    expect(firstOf(await session.recvTensor("result_0"))).toBe(5);
    // Large enough to be read in several turns of the event loop.
    const many = Array.from({ length: 6 }, (_, i) =>
      session.fetchTensors(`fill ${10 * i} 2000000 2`),
    );
    const seen = (await Promise.all(many)).map((tensors) => tensors.map(firstOf));
    expect(seen).toEqual(Array.from({ length: 6 }, (_, i) => [10 * i, 10 * i + 1]));
  });

  it("are there for recvTensor before the text is read", async () => {
    const session = await sessions.started({ script: script("filling.py") });
    await session.sendRequest("fill 3 4");
    expect(firstOf(await session.recvTensor("result_0"))).toBe(3);
    expect(await session.waitForResponse()).toBe("result_0");
  });
});

describe("somebody else in the session directory", () => {
  it.each(["a symbolic link", "a directory"])(
    "puts %s in the place of the answer: the call fails, the worker is gone, a new start works",
    async (what) => {
      const session = await sessions.started({ transport: "file" });
      const path = join(session.sessionDir ?? "", "response.json");
      const call = session.call("sleep", [30]);
      if (what === "a directory") mkdirSync(path);
      else symlinkSync("/etc/passwd", path);
      expect(await code(call)).toBe("TR_PROTOCOL");
      await session.join();
      expect(session.state).toMatchObject({ status: "crashed", error: { code: "TR_PROTOCOL" } });
      await session.start();
      expect(await session.call("echo", [1])).toBe(1);
    },
  );

  it("puts a directory in the place of a tensor: the call fails, and nothing waits for ever", async () => {
    const session = await sessions.started({ transport: "file" });
    for (let i = 1; i < 4; i++) mkdirSync(join(session.sessionDir ?? "", `t${i}_0.tsr`));
    const calls = [1, 2, 3].map(() => session.call("echo", [full([4], 1)], { timeoutMs: 20_000 }));
    expect(await Promise.all(calls.map(code))).toEqual(Array(3).fill("TR_PROTOCOL"));
    await session.join();
    await session.start();
    expect(await session.call("echo", [1])).toBe(1);
  });

  it.each([
    ["takes it away", (path: string) => rmSync(path, { recursive: true, maxRetries: 9 })],
    ["leaves no room for the exit flag", (path: string) => mkdirSync(join(path, "exit.flag"))],
  ])("%s: close() ends the worker all the same", async (_, harm) => {
    const session = await sessions.started();
    const { pid = 0 } = session.info ?? {};
    const call = code(session.call("sleep", [30]));
    harm(session.sessionDir ?? "");
    await session.close();
    expect(processExists(pid)).toBe(false);
    expect(await call).toBe("TR_SESSION_CLOSED");
  });
});

describe("a start", () => {
  it("that is terminated fails, and leaves no process", async () => {
    const session = sessions.make();
    const start = code(session.start());
    await session.terminate();
    expect(await start).toBe("TR_WORKER_CRASHED");
    expect(session.isAlive()).toBe(false);
    await session.start();
    expect(await session.call("echo", [1])).toBe(1);
  });

  it("that is closed fails, and leaves no process", async () => {
    const session = sessions.make();
    const start = code(session.start());
    await session.close();
    expect(await start).toBe("TR_SESSION_CLOSED");
    expect(session.isAlive()).toBe(false);
  });

  it("waited for by several is cancelled when the last of them has gone", async () => {
    const session = sessions.make();
    const [one, two] = [new AbortController(), new AbortController()];
    const first = code(session.start({ signal: one.signal }));
    const second = session.start();
    one.abort();
    expect(await first).toBe("TR_CANCELLED");
    await second;
    expect(session.isReady()).toBe(true);
    await session.terminate();
    const third = code(session.start({ signal: two.signal }));
    two.abort();
    expect(await third).toBe("TR_CANCELLED");
    expect(session.isAlive()).toBe(false);
  });

  it("after an exit that does not end can be cancelled", async () => {
    const session = await sessions.started();
    const call = code(session.call("sleep", [30]));
    expect(await session.pleaseExit(20, false)).toBe(false);
    const control = new AbortController();
    const start = code(session.start({ signal: control.signal }));
    control.abort();
    expect(await start).toBe("TR_CANCELLED");
    await session.close();
    expect(await call).toBe("TR_SESSION_CLOSED");
  });
});

describe.runIf(process.platform !== "win32")("user code", () => {
  it("that forks and lets the child return has its own answer, and the next calls theirs", async () => {
    const session = await sessions.started();
    for (let i = 0; i < 3; i++) {
      expect(await session.call("fork_and_return")).toEqual({ "child ended with": 0 });
      expect(await session.call("echo", [i])).toBe(i);
    }
  });

  it("that closes its stdout leaves no listener behind at every call", async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on("warning", onWarning);
    const session = await sessions.started();
    await session.call("close_stdout");
    for (let i = 0; i < 50; i++) await session.call("echo", [i]);
    await new Promise(setImmediate);
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });
});

describe("what was given up", () => {
  it("does not run: a call that was still being written when the session was terminated", async () => {
    const session = await sessions.started();
    const mark = join(sessions.workspace, "ran");
    const large = tensor(new Float32Array(2 ** 24), [2 ** 24]);
    const call = code(session.call("touch", [mark, large]));
    await session.terminate();
    expect(await call).toBe("TR_WORKER_CRASHED");
    await session.start();
    await session.call("echo", [1]);
    expect(sessions.files().filter((path) => /ran|\.tsr$/.test(path))).toEqual([]);
  });

  it("is a TrError: a tensor's wait and its sending", async () => {
    const session = await sessions.started();
    const x = full([2], 1);
    const signal = AbortSignal.abort("no more");
    expect(await code(session.sendTensor(x, "x", { signal }))).toBe("TR_CANCELLED");
    const wait = code(session.recvTensor("never", 0, { signal: AbortSignal.timeout(20) }));
    expect(await wait).toBe("TR_CANCELLED");
    const crashed = code(session.recvTensor("never", 0));
    await code(session.call("leave", [3]));
    expect(await crashed).toBe("TR_WORKER_CRASHED");
  });
});

describe("a limit", () => {
  it("beyond what a timer can hold is no limit of 1 ms", async () => {
    const session = await sessions.started();
    expect(await session.call("sleep", [0.05], { timeoutMs: 3e9 })).toBe(0.05);
    const waiting = session.waitForResponse(3e9);
    await session.sendRequest("sleep 0.05");
    expect(await waiting).toBe("0.05");
    const endless = session.call("echo", [1], { timeoutMs: Number.POSITIVE_INFINITY });
    expect(await code(endless)).toBe("TR_INVALID_ARGUMENT");
    expect(await code(session.waitUntilReady(-1))).toBe("TR_INVALID_ARGUMENT");
  });

  it("may be waited for by many at once without a warning", async () => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on("warning", onWarning);
    const session = await sessions.started();
    const call = session.call("sleep", [0.05]);
    expect(session.isBusy()).toBe(true); // at once, not a turn later
    await Promise.all(Array.from({ length: 50 }, () => session.waitUntilReady()));
    await call;
    await new Promise(setImmediate);
    process.off("warning", onWarning);
    expect(warnings).toEqual([]);
  });
});

describe("a program", () => {
  const run = (lines: string) => {
    const program = `
      import { PythonSession } from "@tr/session";
      const session = new PythonSession({ script: ${JSON.stringify(script("commands.py"))}, workspace: ${JSON.stringify(sessions.workspace)}, quiet: true });
      await session.start();
      ${lines}`;
    const options = { cwd: import.meta.dirname, reject: false, timeout: 30_000 };
    return execa(process.execPath, ["--input-type=module", "-e", program], options);
  };

  it("stays for its pending call although a wait beside it was given up", async () => {
    const { stdout, exitCode } = await run(`
      const call = session.call("sleep", [0.3]);
      await session.pleaseExit(20, false);
      console.log(await call);`);
    expect([stdout, exitCode]).toEqual(["0.3", 0]);
  });

  it("does not stay for a wait that was given up", async () => {
    const started = performance.now();
    const { exitCode } = await run(`
      await session.join({ signal: AbortSignal.timeout(20) }).catch(() => {});`);
    expect(exitCode).toBe(0);
    expect(performance.now() - started).toBeLessThan(20_000);
  });
});

it("a crash ends every wait with its reason", async () => {
  const session = await sessions.started();
  const waits = [session.waitForResponse(0), session.waitForTensor(0)].map(code);
  await code(session.call("leave", [5]));
  expect(await Promise.all(waits)).toEqual(["TR_WORKER_CRASHED", "TR_WORKER_CRASHED"]);
});
