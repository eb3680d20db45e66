import { spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, readFileSync, utimesSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { full } from "@tr/tsr-codec";
import { execa } from "execa";
import { describe, expect, it, vi } from "vitest";
import { processExists, sample, script, until, useSessions } from "../../test/scripts.js";
import { findProgram } from "../find-program.js";
import { resolveOptions, type SessionOptions } from "../options.js";
import type { PythonSession } from "../python-session.js";
import { readyTemplate } from "./templates.js";

const sessions = useSessions();
const options = (situation?: string) => ({
  script: script("forked.py"),
  spawn: "fork-server" as const,
  ...(situation && { args: [situation] }),
});
interface About {
  pid: number;
  parent: number;
  group: number;
  session: number;
  argv: string[];
  directory: string;
  is_child: boolean;
  has_forked: boolean;
  descriptors: string[];
}
const proportionalKiB = (pid: number): number => {
  const rollup = readFileSync(`/proc/${pid}/smaps_rollup`, "utf8");
  return Number(/^Pss:\s+(\d+) kB$/m.exec(rollup)?.[1]);
};
const about = (session: PythonSession) => session.call<About>("about");
const python = process.env.TR_PYTHON || "python3";
const findTorch = 'import importlib.util as u, sys; sys.exit(not u.find_spec("torch"))';
const hasTorch = spawnSync(python, ["-c", findTorch], { stdio: "ignore" }).status === 0;

it("is refused where there is no such thing, and so is another word", () => {
  const wrong = (spawn: string, platform: NodeJS.Platform) => () =>
    resolveOptions({ spawn: spawn as "process" }, platform);
  const refused = expect.objectContaining({ code: "TR_INVALID_ARGUMENT" });
  expect(wrong("fork-server", "darwin")).toThrow(refused);
  expect(wrong("fork-server", "win32")).toThrow(/option spawn: expected "process" on win32/);
  expect(wrong("fork", "linux")).toThrow(/option spawn: expected one of process, fork-server/);
});

if (process.platform === "linux") {
  describe("forked workers", () => {
    it("come from one process that has imported the script, and are otherwise as started ones", async () => {
      const one = sessions.make(options());
      const lines: string[] = [];
      one.on("log", ({ line }) => lines.push(line));
      await one.start();
      const other = await sessions.started({ ...options(), quiet: true });
      const [a, b] = await Promise.all([about(one), about(other)]);
      expect(a.parent).toBe(b.parent);
      expect([a.parent, b.pid]).not.toContain(a.pid);
      for (const [session, said] of [[one, a] as const, [other, b] as const]) {
        expect(session.info).toMatchObject({ pid: said.pid, level: 2 });
        expect(session.state).toMatchObject({ status: "ready", pid: said.pid });
        expect([said.group, said.session]).toEqual([said.pid, said.pid]);
        expect(said.argv).toEqual([script("forked.py"), session.sessionId]);
        expect(said.directory).toBe(session.sessionDir);
        expect([said.is_child, said.has_forked]).toEqual([false, false]);
      }
      // The second has nothing of the first. A heartbeat's file may be open for a moment.
      await expect
        .poll(async () => {
          const [{ descriptors }, second] = await Promise.all([about(one), about(other)]);
          return second.descriptors.filter((descriptor) => !descriptors.includes(descriptor));
        })
        .toEqual([]);
      const line = once(other, "log");
      await other.call("say", ["from the second"]);
      expect(await line).toEqual([{ stream: "stdout", line: "from the second" }]);
      await one.call("say", ["from the first"]);
      await one.close();
      // What was printed at import was printed once; the half line was never of this worker's.
      expect(lines).toEqual([`imported by ${a.parent}`, "from the first"]);
    });

    it("end with what the host is told of others: exit code, signal, cancel, stop ladder", async () => {
      const session = await sessions.started({
        script: script("commands.py"),
        spawn: "fork-server",
      });
      const exit = once(session, "exit");
      const crash = { code: "TR_WORKER_CRASHED" };
      await expect(session.call("leave", [3])).rejects.toMatchObject({ ...crash, exitCode: 3 });
      expect(await exit).toEqual([{ exitCode: 3, signal: null, oom: false }]);
      await session.start();
      const killed = { ...crash, exitCode: null, signal: "SIGKILL", oom: false };
      await expect(session.call("kill_self", [9])).rejects.toMatchObject(killed);
      await session.start();
      const child = await session.call<number>("spawn_child");
      const late = { code: "TR_CALL_TIMEOUT", stopped: "cancelled" };
      await expect(session.call("sleep", [60], { timeoutMs: 50 })).rejects.toMatchObject(late);
      expect(processExists(child)).toBe(true);
      const deaf = once(session, "log");
      session.call("hang").catch(() => {});
      await deaf;
      const { pid = 0 } = session.info ?? {};
      await session.terminate();
      await until(() => ![pid, child].some(processExists));
      await session.start();
      await session.close();
      expect(session.state).toEqual({ status: "exited", exitCode: 0 });
    });

    it("take and give tensors by every carrier", async () => {
      for (const transport of ["file", "shared-memory"] as const) {
        const session = await sessions.started({ ...options(), transport });
        expect(session.info?.transport === "file").toBe(transport === "file");
        for (const size of [10, 1_000_000]) {
          const x = full([size], 3);
          expect(await session.calculate("doubled", x)).toEqual(full([size], 6));
        }
      }
    });

    it("draw numbers of their own, and compute with threads of their own", async () => {
      const situation = hasTorch ? "torch" : undefined;
      const all = await Promise.all([1, 2].map(() => sessions.started(options(situation))));
      const drawn = await Promise.all(all.map((session) => session.call<number[]>("numbers")));
      expect(new Set(drawn.flat()).size).toBe(hasTorch ? 6 : 4);
      const products = await Promise.all(all.map((session) => session.call("product", [500])));
      expect(products).toEqual([500 ** 3, 500 ** 3]);
    });

    it("share the memory of what was imported", async () => {
      const start = (options: SessionOptions) =>
        Promise.all([1, 2, 3].map(() => sessions.started(options)));
      const forked = await Promise.all((await start(options())).map(about));
      const started = await Promise.all((await start({ script: script("forked.py") })).map(about));
      const [{ parent } = { parent: 0 }] = forked;
      // Measured while all are there: what files they map counts for each by its share.
      const ofForked = [parent, ...forked.map(({ pid }) => pid)].map(proportionalKiB);
      const ofStarted = started.map(({ pid }) => proportionalKiB(pid));
      const sum = (numbers: number[]) => numbers.reduce((a, b) => a + b, 0);
      expect(sum(ofForked)).toBeLessThan(sum(ofStarted) * 0.75);
      // One more costs little.
      expect(Math.max(...ofForked.slice(1))).toBeLessThan(Math.min(...ofStarted) / 2);
    });

    it("run scripts of the class style, which take their session id at import", async () => {
      const session = await sessions.started({
        script: sample("hello_server.py"),
        spawn: "fork-server",
      });
      expect(await session.fetchResponse("hello big world")).toBe("Hello Big World");
    });

    it("do not keep their program, and end with it", async () => {
      const program = `
        import { PythonSession } from "@tr/session";
        const options = ${JSON.stringify({ ...options(), workspace: sessions.workspace })};
        const session = new PythonSession({ ...options, quiet: true });
        await session.start();
        const { pid, parent } = await session.call("about");
        console.log(JSON.stringify([pid, parent]));`;
      const args = ["--input-type=module", "-e", program];
      const { stdout } = await execa(process.execPath, args, { cwd: import.meta.dirname });
      const pids = JSON.parse(stdout) as number[];
      expect(pids.length).toBe(2);
      await until(() => !pids.some(processExists));
      await until(() => !sessions.files().some((path) => path.includes("tr_session_")));
    });
  });

  describe("the process that workers are forked from", () => {
    it("takes them along when it is killed, and the next start makes another", async () => {
      const all = await Promise.all([1, 2].map(() => sessions.started(options())));
      const before = await Promise.all(all.map(about));
      const crash = { code: "TR_WORKER_CRASHED", signal: "SIGKILL" };
      const crashes = all.map((session) =>
        expect(session.call("sleep", [60])).rejects.toMatchObject(crash),
      );
      process.kill(before[0]?.parent ?? 0, "SIGKILL");
      await Promise.all(crashes);
      await until(() => !before.some(({ pid }) => processExists(pid)));
      await Promise.all(all.map((session) => session.start()));
      const after = await Promise.all(all.map(about));
      expect(after[0]?.parent).toBe(after[1]?.parent);
      expect(after[0]?.parent).not.toBe(before[0]?.parent);
    });

    it("that has ended since it was ready forks nothing, and says so", async () => {
      const resolved = resolveOptions(options());
      const template = await readyTemplate(findProgram(resolved), resolved, {
        signal: new AbortController().signal,
        onLine: () => {},
        onImporting: () => {},
      });
      process.kill(template.pid, "SIGKILL");
      const fork = () => {
        template.fork({ session: "a", directory: "", workspace: "", memory: false }, () => {});
      };
      const refused = expect.objectContaining({ code: "TR_START_FAILED" });
      await vi.waitFor(() => expect(fork).toThrow(refused), { timeout: 20_000 });
    });

    it("waits without doing anything", async () => {
      const { parent } = await about(await sessions.started(options()));
      const switches = () =>
        /^voluntary_ctxt_switches:\s*(\d+)$/m.exec(
          readFileSync(`/proc/${parent}/status`, "utf8"),
        )?.[1];
      const before = switches();
      await sleep(300);
      expect(switches()).toBe(before);
    });

    it("leaves when it has had no workers for a minute", async () => {
      const session = await sessions.started(options());
      const { parent } = await about(session);
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
      try {
        await session.close();
        vi.advanceTimersByTime(59_000);
        const next = sessions.make(options());
        await next.start();
        expect((await about(next)).parent).toBe(parent);
        await next.close();
        vi.advanceTimersByTime(60_000);
      } finally {
        vi.useRealTimers();
      }
      await until(() => !processExists(parent));
    });

    it("that is stopped keeps no start waiting for ever, and is of use when it goes on", async () => {
      const { parent } = await about(await sessions.started(options()));
      const session = sessions.make({ ...options(), startTimeoutMs: 200 });
      process.kill(parent, "SIGSTOP");
      await expect(session.start()).rejects.toMatchObject({ code: "TR_START_TIMEOUT" });
      const control = new AbortController();
      const start = sessions.make(options()).start({ signal: control.signal });
      control.abort();
      await expect(start).rejects.toMatchObject({ code: "TR_CANCELLED" });
      process.kill(parent, "SIGCONT");
      expect((await about(await sessions.started(options()))).parent).toBe(parent);
    });

    it("is another one for other options, and when the script was edited", async () => {
      const path = join(sessions.workspace, "edited.py");
      copyFileSync(script("forked.py"), path);
      const parents: number[] = [];
      const start = async (more = {}) => {
        const session = await sessions.started({ ...options(), script: path, ...more });
        parents.push((await about(session)).parent);
      };
      await start();
      await start();
      await start({ env: { ANOTHER: "1" } });
      await start({ args: ["another"] });
      utimesSync(path, 1, 1);
      await start();
      expect(parents[1]).toBe(parents[0]);
      expect(new Set(parents).size).toBe(4);
    });

    it("ends when nobody waits any more for what it imports", async () => {
      const [one, other] = [1, 2].map(() => sessions.make(options("slow"))) as PythonSession[];
      if (!one || !other) return;
      const closed = expect(one.start()).rejects.toMatchObject({ code: "TR_SESSION_CLOSED" });
      const ended = expect(other.start()).rejects.toMatchObject({ code: "TR_WORKER_CRASHED" });
      const states = [one, other].map((session) => once(session, "state"));
      await Promise.all(states);
      const { pid } = one.state as { pid: number };
      expect(one.state).toEqual({ status: "starting", pid });
      expect(other.state).toEqual(one.state);
      await one.close();
      await closed;
      expect(processExists(pid)).toBe(true);
      expect(await other.pleaseExit()).toBe(false);
      await ended;
      expect(other.state.status).toBe("exited");
      await until(() => !processExists(pid));
    });
  });

  describe("a start by a fork server is refused", () => {
    const cases: [string, string, RegExp, string?][] = [
      ["threads run", "thread", /started a thread \(warmer\).*Start them in a command/],
      ["CUDA is in use", "cuda", /initialised CUDA.*in a command/],
      ["an event loop was made", "loop", /made an event loop at import.*in a command/],
      ["its pids are of another namespace", "elsewhere", /pid namespace pid:\[1\]/],
      ["the script leaves without serving", "leaving", /did not come to serve\(\): exit code 0/],
      ["it says what nobody expects", "garbage", /expected a report.*is this/, "TR_PROTOCOL"],
    ];
    if (hasTorch && availableParallelism() > 1) {
      cases.push(["PyTorch has computed", "parallel", /started .*thread.*OMP_NUM_THREADS=1/]);
    }
    for (const [title, situation, message, code = "TR_START_FAILED"] of cases) {
      it(`where ${title}`, async () => {
        const session = sessions.make(options(situation));
        const error = { code, message: expect.stringMatching(message) };
        await expect(session.start()).rejects.toMatchObject(error);
        expect(session.state).toMatchObject({ status: "crashed", error });
      });
    }

    it("where the script has a loop of its own, with what it said", async () => {
      const session = sessions.make({ script: script("level_one.py"), spawn: "fork-server" });
      await expect(session.start()).rejects.toMatchObject({
        code: "TR_START_FAILED",
        message: expect.stringMatching(/needs spawn: "process"[\s\S]*KeyError: 'TR_SESSION_DIR'/),
      });
    });
  });
}
