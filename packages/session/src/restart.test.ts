import { once } from "node:events";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { script, useSessions } from "../test/scripts.js";
import type { SessionEvents } from "./session-emitter.js";

const sessions = useSessions();
const code = (promise: Promise<unknown>) =>
  promise.then(
    (value) => value,
    (error) => error.code,
  );
const restart = { onCrash: true };

describe("a worker that crashes", () => {
  it("is started again; the pending call fails, calls made meanwhile wait, and the generation counts", async () => {
    const session = await sessions.started({ restart });
    const restarts: SessionEvents["restart"][0][] = [];
    session.on("restart", (told) => restarts.push(told));
    expect(session.info?.generation).toBe(1);
    await session.call("count");
    const queued = [session.call("leave", [3]), session.call("count")].map(code);
    expect(await Promise.all(queued)).toEqual(["TR_WORKER_CRASHED", "TR_WORKER_CRASHED"]);
    expect(session.state.status).toBe("crashed");
    expect(await session.call("count")).toBe(1); // what it kept is lost, and it says so
    expect(session.info?.generation).toBe(2);
    expect(restarts).toMatchObject([
      { generation: 2, delayMs: 0, reason: { code: "TR_WORKER_CRASHED", exitCode: 3 } },
    ]);
    const idle = once(session, "restart");
    process.kill(session.info?.pid ?? 0, "SIGKILL");
    expect((await idle)[0]).toMatchObject({ generation: 3, delayMs: 100 });
    expect(await session.fetchResponse("echo 5")).toBe("5");
  });

  it("takes no answer along that is unread, and is waited for", async () => {
    const session = await sessions.started({ restart });
    await session.sendRequest("echo first");
    await session.waitUntilReady();
    await session.sendRequest("leave 3");
    await once(session, "exit");
    expect(await session.waitUntilReady()).toBe(true);
    await session.sendRequest("echo last");
    expect(await session.waitForResponse()).toBe("first");
    await expect(session.waitForResponse()).rejects.toMatchObject({ code: "TR_WORKER_CRASHED" });
    expect(await session.waitForResponse()).toBe("last");
  });

  it("too often stays crashed, and its error says so", async () => {
    const session = await sessions.started({ restart: { ...restart, maxRestarts: 2 } });
    for (const _ of [1, 2, 3]) {
      expect(await code(session.call("leave", [4]))).toBe("TR_WORKER_CRASHED");
    }
    expect(session.state.status).toBe("crashed");
    await expect(session.call("count")).rejects.toMatchObject({
      ...{ code: "TR_WORKER_CRASHED", exitCode: 4 },
      message: expect.stringMatching(/started again 2 times within 180000 ms/),
    });
    await session.start(); // who asks for it gets it
    expect(await session.call("count")).toBe(1);
  });

  it("is not started again unless that was asked for, nor when it was meant to leave", async () => {
    const crashing = await sessions.started({ restart: { onCrash: false } });
    const leaving = await sessions.started({ restart });
    const terminated = await sessions.started({ restart });
    let restarts = 0;
    for (const session of [crashing, leaving, terminated]) session.on("restart", () => restarts++);
    await code(crashing.call("leave", [3]));
    await leaving.pleaseExit();
    await terminated.terminate();
    await leaving.start();
    process.kill(leaving.info?.pid ?? 0, "SIGKILL");
    await once(leaving, "restart");
    await leaving.close(); // in its pause, or on its way up
    expect(restarts).toBe(1);
    expect(await code(leaving.call("count"))).toBe("TR_SESSION_CLOSED");
    expect(crashing.isAlive() || terminated.isAlive()).toBe(false);
  });

  it("is started at once when somebody asks for it in the pause; one who ends it ends the pause", async () => {
    const session = await sessions.started({ restart });
    const crashUntilPauseOf = async (ms: number) => {
      for (;;) {
        const told = once(session, "restart");
        await code(session.call("leave", [3]));
        const [{ delayMs }] = await told;
        if (delayMs >= ms) return;
        await session.start();
      }
    };
    await crashUntilPauseOf(400);
    const started = performance.now();
    await session.start();
    expect(session.state.status).toBe("ready");
    await crashUntilPauseOf(800);
    const waiting = [code(session.call("count")), session.waitUntilReady(0)];
    await session.terminate();
    expect(await Promise.all(waiting)).toEqual(["TR_WORKER_CRASHED", false]);
    expect(session.isAlive()).toBe(false);
    expect(performance.now() - started).toBeLessThan(5000);
    await session.start();
  });
});

it("a script that cannot start any more stays crashed when it was tried often enough", async () => {
  const session = await sessions.started({
    script: script("doomed_later.py"),
    args: [`${sessions.workspace}/started`],
    restart: { ...restart, maxRestarts: 3 },
  });
  const last = new Promise<unknown>((resolve) => {
    session.on("state", (state) => {
      if (state.status === "crashed" && /started again/.test(state.error.message)) {
        resolve(state.error);
      }
    });
  });
  await code(session.call("leave"));
  expect(await last).toMatchObject({ code: "TR_START_FAILED" });
  expect(session.info).toBeUndefined();
});

it("the pause before a restart does not keep a program alive, a call that waits for it does", async () => {
  const run = (lines: string) => {
    const program = `
      import { PythonSession } from "@tr/session";
      const session = new PythonSession({ script: ${JSON.stringify(script("commands.py"))}, workspace: ${JSON.stringify(sessions.workspace)}, quiet: true, restart: { onCrash: true } });
      await session.start();
      for (const _ of [1, 2, 3, 4]) {
        await session.call("leave", [3]).catch(() => {});
        ${lines}
      }
      console.log("end");`;
    const options = { cwd: import.meta.dirname, reject: false, timeout: 30_000 };
    return execa(process.execPath, ["--input-type=module", "-e", program], options);
  };
  const waiting = await run("console.log(await session.call('count'));");
  expect([waiting.stdout, waiting.exitCode]).toEqual(["1\n1\n1\n1\nend", 0]);
  const idle = await run(`
    if (_ < 4) await session.start();
    else process.on("exit", () => console.log(session.state.status));`);
  expect([idle.stdout, idle.exitCode]).toEqual(["end\ncrashed", 0]);
});
