import { once } from "node:events";
import { existsSync, mkdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { processExists, script, until, useSessions } from "../test/scripts.js";
import { PythonSession, type SessionState } from "./index.js";

const sessions = useSessions();

describe("a session", () => {
  it("goes through its states and says so", async () => {
    const session = sessions.make();
    const states: SessionState["status"][] = [session.state.status];
    session.on("state", ({ status }) => states.push(status));
    await session.start();
    expect([session.isAlive(), session.isReady(), session.isBusy()]).toEqual([true, true, false]);
    const call = session.call("sleep", [0.01]);
    await until(() => session.isBusy());
    await call;
    expect(session.isReady()).toBe(true);
    await session.close();
    expect(session.isAlive()).toBe(false);
    expect(states).toEqual(["idle", "starting", "ready", "busy", "ready", "exiting", "exited"]);
  });

  it("knows its process, its packages and its commands while it runs", async () => {
    const session = await sessions.started();
    expect(session.info).toMatchObject({ level: 2, concurrency: 1 });
    expect(session.info?.python).toMatch(/^3\.\d+\.\d+/);
    expect(session.info?.packages.numpy).toMatch(/^\d/);
    expect(session.info?.packages.torch).toBeUndefined();
    expect(session.info?.commands).toContain("square");
    const { pid } = await session.call<{ pid: number }>("surroundings", ["x"]);
    expect(session.info?.pid).toBe(pid);
    await session.close();
    expect(session.info).toBeUndefined();
  });

  it("has a directory of its own, the user's alone, and removes it", async () => {
    const session = await sessions.started({ sessionId: "mine" });
    const path = join(sessions.workspace, "python_session", "tr_session_mine");
    expect(session.sessionDir).toBe(path);
    if (process.platform !== "win32") {
      expect(statSync(path).mode & 0o777).toBe(0o700);
      expect(statSync(join(path, "host.json")).mode & 0o777).toBe(0o600);
    }
    await session.close();
    expect(existsSync(path)).toBe(false);
  });

  it("refuses the id of another that lives", async () => {
    await sessions.started({ sessionId: "same" });
    await expect(sessions.make({ sessionId: "same" }).start()).rejects.toMatchObject({
      code: "TR_INVALID_ARGUMENT",
      message: expect.stringContaining("sessionId"),
    });
  });

  it("gives the script its environment and its arguments without a shell", async () => {
    const args = ["a b", "$HOME", "; touch x", '"', "*"];
    const session = await sessions.started({ args, env: { GIVEN: "$(id)", PATH: undefined } });
    const seen = await session.call<{ value: string; argv: string[] }>("surroundings", ["GIVEN"]);
    expect(seen.value).toBe("$(id)");
    expect(seen.argv.slice(1)).toEqual([session.sessionId, ...args]);
    expect(await session.call("surroundings", ["PATH"])).toMatchObject({ value: null });
  });

  it("runs the script in the working directory it is told", async () => {
    const cwd = join(sessions.workspace, "elsewhere");
    mkdirSync(cwd);
    const session = await sessions.started({ cwd });
    expect(await session.call("surroundings", ["x"])).toMatchObject({ cwd });
  });

  it("keeps its stdin: user code reads an empty one", async () => {
    const session = await sessions.started();
    expect(await session.call("read_stdin")).toBe("");
    expect(await session.call("echo", [1])).toBe(1);
  });

  it("hands what the script prints to the log event, line by line", async () => {
    const session = await sessions.started();
    const lines: string[] = [];
    session.on("log", ({ stream, line }) => lines.push(`${stream}: ${line}`));
    await session.call("say", [["one", 'two {"id": 1}', ""]]);
    await until(() => lines.length === 4);
    expect(lines.filter((line) => line.startsWith("stdout"))).toEqual([
      "stdout: one",
      'stdout: two {"id": 1}',
      "stdout: ",
    ]);
    expect(lines).toContain("stderr: to stderr");
  });

  it("runs beside many others", async () => {
    const all = await Promise.all(Array.from({ length: 8 }, () => sessions.started()));
    const results = await Promise.all(all.map((session, i) => session.call("echo", [i])));
    expect(results).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
    expect(new Set(all.map((session) => session.info?.pid)).size).toBe(8);
  });

  it("works without change notifications, at the pace of the poll", async () => {
    const session = await sessions.started({ notifications: false });
    const results = [];
    for (let i = 0; i < 5; i++) results.push(await session.call("echo", [i]));
    expect(results).toEqual([0, 1, 2, 3, 4]);
    expect(await session.pleaseExit(5000, false)).toBe(true);
  });

  it("starts once however often it is told", async () => {
    const session = sessions.make();
    await Promise.all([session.start(), session.start()]);
    const { pid } = session.info ?? {};
    await session.start();
    expect(session.info?.pid).toBe(pid);
  });
});

describe("a start that cannot succeed", () => {
  it("fails at once with the Python error in its message", async () => {
    const session = sessions.make({ script: script("missing_module.py") });
    const started = performance.now();
    await expect(session.start()).rejects.toMatchObject({
      code: "TR_START_FAILED",
      message: expect.stringMatching(
        /-m pip install a_module_that_nobody_has[\s\S]*No module named 'a_module_that_nobody_has'/,
      ),
      exitCode: 1,
    });
    expect(performance.now() - started).toBeLessThan(10_000);
    expect(session.state.status).toBe("crashed");
  });

  it("fails within its budget with what the script has said so far", async () => {
    const session = sessions.make({ script: script("never_ready.py"), startTimeoutMs: 1000 });
    await expect(session.start()).rejects.toMatchObject({
      code: "TR_START_TIMEOUT",
      message: expect.stringContaining("still loading"),
    });
    expect(session.isAlive()).toBe(false);
  });

  it("names the script that is not there, and the Python that is not there", async () => {
    await expect(sessions.make({ script: "nowhere.py" }).start()).rejects.toMatchObject({
      code: "TR_SCRIPT_NOT_FOUND",
      message: expect.stringContaining("nowhere.py"),
    });
    await expect(sessions.make({ python: "/nowhere/python" }).start()).rejects.toMatchObject({
      code: "TR_PYTHON_NOT_FOUND",
      lookedIn: ["option python: /nowhere/python"],
    });
  });

  it("can be aborted", async () => {
    const session = sessions.make({ script: script("never_ready.py") });
    const control = new AbortController();
    const start = session.start({ signal: control.signal });
    await once(session, "state");
    control.abort();
    await expect(start).rejects.toMatchObject({ code: "TR_CANCELLED" });
    expect(session.isAlive()).toBe(false);
  });

  it("can be tried again with the same object", async () => {
    const session = sessions.make({ script: script("never_ready.py"), startTimeoutMs: 200 });
    await expect(session.start()).rejects.toMatchObject({ code: "TR_START_TIMEOUT" });
    await expect(session.start()).rejects.toMatchObject({ code: "TR_START_TIMEOUT" });
  });
});

describe("a worker that dies", () => {
  it("fails the running call and the queued ones, and a new start is a fresh process", async () => {
    const session = await sessions.started();
    await session.call("count");
    const running = session.call("leave", [3]);
    const queued = session.call("count");
    await expect(running).rejects.toMatchObject({ code: "TR_WORKER_CRASHED", exitCode: 3 });
    await expect(queued).rejects.toMatchObject({ code: "TR_WORKER_CRASHED", exitCode: 3 });
    expect(session.state).toMatchObject({ status: "crashed" });
    await expect(session.call("count")).rejects.toMatchObject({ code: "TR_WORKER_CRASHED" });
    await session.start();
    expect(await session.call("count")).toBe(1);
  });

  it.runIf(process.platform !== "win32")("by a signal is reported with it", async () => {
    const session = await sessions.started();
    await expect(session.call("kill_self", [9])).rejects.toMatchObject({
      code: "TR_WORKER_CRASHED",
      signal: "SIGKILL",
    });
  });

  it("while nobody calls makes the session crashed and takes its directory along", async () => {
    const session = await sessions.started();
    const path = session.sessionDir ?? "";
    const gone = once(session, "exit");
    process.kill(session.info?.pid ?? 0, "SIGKILL");
    await gone;
    expect(session.state.status).toBe("crashed");
    expect(existsSync(path)).toBe(false);
  });

  it.runIf(process.platform !== "win32")("takes the processes it started along", async () => {
    const session = await sessions.started();
    const child = await session.call<number>("spawn_child");
    expect(processExists(child)).toBe(true);
    await session.terminate();
    await until(() => !processExists(child));
  });
});

describe("the end", () => {
  it("terminate() fails the pending call, whose result never turns up, and start() works again", async () => {
    const session = await sessions.started();
    const call = session.call("sleep", [30]);
    await until(() => session.isBusy());
    const ended = session.terminate();
    await expect(call).rejects.toMatchObject({ code: "TR_WORKER_CRASHED" });
    await ended;
    expect(session.state.status).toBe("exited");
    await session.start();
    expect(session.newResponse()).toBe(false);
    expect(await session.call("echo", ["fresh"])).toBe("fresh");
  });

  it("close() fails what is pending, ends a worker that does not listen, and is final", async () => {
    const session = await sessions.started();
    const call = session.call("sleep", [30]);
    await until(() => session.isBusy());
    const started = performance.now();
    const closing = Promise.all([session.close(), session.close()]);
    await expect(call).rejects.toMatchObject({ code: "TR_SESSION_CLOSED" });
    await closing;
    // Asked for 2,000 ms, then SIGTERM, which ends a Python that sleeps.
    expect(performance.now() - started).toBeLessThan(4000);
    await expect(session.start()).rejects.toMatchObject({ code: "TR_SESSION_CLOSED" });
    await expect(session.call("echo")).rejects.toMatchObject({ code: "TR_SESSION_CLOSED" });
  });

  it.runIf(process.platform !== "win32")(
    "close() kills a worker that ignores SIGTERM, within its time",
    async () => {
      const session = await sessions.started();
      const deaf = once(session, "log");
      const call = session.call("hang").catch((error) => error.code);
      await deaf;
      const started = performance.now();
      await session.close();
      const elapsedMs = performance.now() - started;
      expect(elapsedMs).toBeGreaterThan(3000 - 50); // asked for 2,000 ms, then SIGTERM for 1,000
      expect(elapsedMs).toBeLessThan(3500);
      expect(session.state).toEqual({ status: "exited", signal: "SIGKILL" });
      expect(await call).toBe("TR_SESSION_CLOSED");
    },
  );

  it("pleaseExit() waits for the running call, and a worker that leaves is no crash", async () => {
    const session = await sessions.started();
    const call = session.call("sleep", [0.2]);
    await until(() => session.isBusy());
    expect(await session.pleaseExit(5000, true)).toBe(true);
    expect(await call).toBe(0.2);
    expect(session.state).toEqual({ status: "exited", exitCode: 0 });
    expect(await session.pleaseExit()).toBe(true);
  });

  it("pleaseExit() that is not heard in time ends the worker only if told to", async () => {
    const session = await sessions.started();
    const call = session.call("sleep", [30]).catch((error) => error.code);
    await until(() => session.isBusy());
    expect(await session.pleaseExit(100, false)).toBe(false);
    expect(session.isAlive()).toBe(true);
    expect(await session.pleaseExit(100, true)).toBe(false);
    expect(session.isAlive()).toBe(false);
    expect(await call).toBe("TR_SESSION_CLOSED");
  });

  it("join() resolves when the process is gone", async () => {
    const session = await sessions.started();
    const joined = session.join();
    await session.pleaseExit();
    await joined;
    expect(session.isAlive()).toBe(false);
  });

  it("of a block closes the session", async () => {
    let pid = 0;
    {
      await using session = new PythonSession({
        script: script("commands.py"),
        workspace: sessions.workspace,
      });
      await session.start();
      pid = session.info?.pid ?? 0;
    }
    expect(processExists(pid)).toBe(false);
  });

  it("of the program comes although a session is idle, and takes the worker and the directory along", async () => {
    const program = `
      import { PythonSession } from "@tr/session";
      const session = new PythonSession({ script: ${JSON.stringify(script("commands.py"))}, workspace: ${JSON.stringify(sessions.workspace)} });
      await session.start();
      await session.call("echo", [1]);
      console.log(session.info.pid);`;
    const { stdout } = await execa(process.execPath, ["--input-type=module", "-e", program], {
      cwd: import.meta.dirname,
      timeout: 20_000,
    });
    await until(() => !processExists(Number(stdout)));
    expect(sessions.files().filter((path) => /tr_session_/.test(path))).toEqual([]);
  });
});
