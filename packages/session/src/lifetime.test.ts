import { once } from "node:events";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { buildHostInfo } from "@tr/protocol";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { campaignSize } from "../test/campaign.js";
import { killForkingHost } from "../test/kill-forking-host.js";
import { killHost, missingFor, situations } from "../test/kill-host.js";
import { processExists, script, until, useSessions } from "../test/scripts.js";
import { hostIdentity } from "./host-identity.js";
import { sweep } from "./sweep.js";

const sessions = useSessions();

describe.runIf(process.platform !== "win32")("a host that is killed", () => {
  for (const situation of situations) {
    const missing = missingFor(situation);
    const needs = missing === undefined ? "" : ` (${missing} is not installed)`;
    it.skipIf(missing)(
      `takes its worker along, and what that has started: ${situation}${needs}`,
      async () => {
        const times: number[] = [];
        for (let i = 0; i < campaignSize(1); i++) times.push(await killHost(situation));
        const limitMs = process.platform === "linux" ? 250 : 3000;
        const longest = Math.max(...times).toFixed(0);
        console.log(
          `host killed ${times.length} times, ${situation}: all gone after ${longest} ms`,
        );
        expect(times.filter((elapsedMs) => elapsedMs > limitMs)).toEqual([]);
      },
      3_600_000,
    );
  }
});

if (process.platform === "linux") {
  describe("a host that is killed, with a worker of a fork server", () => {
    const wrappers = ["wrapped", "uv-run"] as const;
    const others = ["importing", "idle", "holding-the-lock", "child"] as const;
    for (const situation of [...others, ...wrappers.filter((one) => !missingFor(one))]) {
      const title = `takes it along, what it was forked from, and what it has started: ${situation}`;
      it(title, async () => {
        const times: number[] = [];
        for (let i = 0; i < campaignSize(1); i++) {
          times.push(await killHost(situation, "fork-server"));
        }
        const longest = Math.max(...times).toFixed(0);
        console.log(
          `host with a fork server killed ${times.length} times, ${situation}: all gone after ${longest} ms`,
        );
        expect(times.filter((elapsedMs) => elapsedMs > 250)).toEqual([]);
      }, 3_600_000);
    }
  });
}

if (process.platform === "linux") {
  it("a host that is killed while it forks workers leaves no process", async () => {
    const times: number[] = [];
    // No limit but that of the wait: on a busy machine a process that was killed waits for a processor to die on.
    for (let i = 0; i < campaignSize(3); i++) times.push(await killForkingHost());
    const longest = Math.max(...times).toFixed(0);
    console.log(`host killed ${times.length} times, forking: all gone after ${longest} ms`);
  }, 3_600_000);
}

describe.runIf(process.platform !== "win32")("a host that ends with its session open", () => {
  it.each([
    ["by an exception", "throw new Error('planned');"],
    ["by process.exit", "process.exit(3);"],
    ["by SIGINT", "process.kill(process.pid, 'SIGINT');"],
    ["by SIGTERM", "process.kill(process.pid, 'SIGTERM');"],
    ["by SIGHUP", "process.kill(process.pid, 'SIGHUP');"],
    ["by a rejected promise", "Promise.reject(new Error('planned'));"],
  ])("%s leaves no process and no directory", async (_, end) => {
    const options = {
      script: script("commands.py"),
      workspace: sessions.workspace,
      quiet: true,
    };
    const program = `
      import { PythonSession } from "@tr/session";
      const session = new PythonSession(${JSON.stringify(options)});
      await session.start();
      const child = await session.call("spawn_child");
      session.call("sleep", [60]).catch(() => {});
      console.log(JSON.stringify([session.info.pid, child]));
      setTimeout(() => { ${end} }, 20);`;
    const args = ["--input-type=module", "-e", program];
    const { stdout, failed } = await execa(process.execPath, args, {
      cwd: import.meta.dirname,
      reject: false,
      timeout: 30_000,
    });
    expect(failed).toBe(true);
    const pids = JSON.parse(stdout) as number[];
    await until(() => !pids.some(processExists));
    await until(() => !sessions.files().some((path) => path.includes("tr_session_")));
  });
});

const childrenOf = (parent: number) =>
  readdirSync("/proc")
    .filter((pid) => /^\d+$/.test(pid))
    .map(Number)
    .filter((pid) => {
      try {
        const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
        const [state, ppid] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
        return Number(ppid) === parent && state !== "Z";
      } catch {
        return false; // it has ended meanwhile
      }
    });
const isReaper = (pid: number) =>
  readFileSync(`/proc/${pid}/cmdline`, "utf8").startsWith("/bin/sh\0-c\0\npids=");

describe.runIf(process.platform === "linux")("the reaper", () => {
  it("that somebody ends is started again, and guards the workers that run", async () => {
    const options = { script: script("commands.py"), workspace: sessions.workspace, quiet: true };
    const program = `
      import { PythonSession } from "@tr/session";
      const session = new PythonSession(${JSON.stringify(options)});
      await session.start();
      console.log(JSON.stringify([session.info.pid, await session.call("spawn_child")]));
      setInterval(() => {}, 1000);`;
    const host = execa(process.execPath, ["--input-type=module", "-e", program], {
      cwd: import.meta.dirname,
      reject: false,
      buffer: false,
    });
    const [line] = await once(createInterface({ input: host.stdout }), "line");
    const pids = JSON.parse(line) as number[];
    const hostPid = host.pid ?? 0;
    const [first = 0] = childrenOf(hostPid).filter(isReaper);
    expect(first).toBeGreaterThan(0);
    process.kill(first, "SIGKILL");
    await until(() => childrenOf(hostPid).some((pid) => pid !== first && isReaper(pid)));
    host.kill("SIGKILL");
    await until(() => !pids.some(processExists));
    await until(() => !sessions.files().some((path) => path.includes("tr_session_")));
    await host;
  });
});

describe.runIf(process.platform === "linux")("the next host of a killed one's session id", () => {
  it("keeps its directory, although the reaper of the other may still be at work", async () => {
    const options = {
      ...{ script: script("level_one.py"), workspace: sessions.workspace },
      ...{ sessionId: "inherited", quiet: true },
    };
    const program = `
      import { PythonSession } from "@tr/session";
      const session = new PythonSession(${JSON.stringify(options)});
      await session.start();
      console.log("started");
      setInterval(() => {}, 1000);`;
    for (let round = 0; round < 3; round++) {
      const host = execa(process.execPath, ["--input-type=module", "-e", program], {
        ...{ cwd: import.meta.dirname, reject: false, buffer: false },
      });
      const [reaper = 0] = await once(createInterface({ input: host.stdout }), "line").then(() =>
        childrenOf(host.pid ?? 0).filter(isReaper),
      );
      process.kill(reaper, "SIGSTOP"); // it is late
      host.kill("SIGKILL");
      await host;
      const session = sessions.make(options);
      await session.start();
      process.kill(reaper, "SIGCONT");
      await until(() => !processExists(reaper));
      expect(await session.fetchResponse("echo mine")).toBe("you said mine");
      expect(session.isAlive()).toBe(true);
      await session.close();
    }
  });
});

describe.runIf(process.platform === "linux")(
  "the same id in several programs at once, after a crash",
  () => {
    it("goes to one of them, whose answers are its own; the others are refused", async () => {
      const identity = hostIdentity();
      const options = {
        script: script("level_one.py"),
        workspace: sessions.workspace,
        sessionId: "contested",
        quiet: true,
      };
      const program = `
      import { PythonSession } from "@tr/session";
      const session = new PythonSession(${JSON.stringify(options)});
      const mine = String(process.pid);
      try {
        await session.start();
        for (let i = 0; i < 20; i++) {
          const answer = await session.fetchResponse("say " + mine);
          if (answer !== "you said " + mine) { console.log("WRONG"); process.exit(1); }
        }
        console.log("right");
        process.stdin.resume(); // keeps the id until all have tried
        await new Promise((resolve) => process.stdin.once("end", resolve));
        await session.close();
      } catch (error) { console.log(error.code); }`;
      for (let round = 0; round < campaignSize(3); round++) {
        const dead = join(sessions.workspace, "python_session", "tr_session_contested");
        mkdirSync(dead, { recursive: true });
        writeFileSync(join(dead, "host.json"), buildHostInfo({ ...identity, startTime: "1" }));
        const hosts = Array.from({ length: 4 }, () =>
          execa(process.execPath, ["--input-type=module", "-e", program], {
            cwd: import.meta.dirname,
            stdin: "pipe",
          }),
        );
        const said = hosts.map(
          async (host) => (await once(createInterface({ input: host.stdout }), "line"))[0],
        );
        const words = (await Promise.all(said)).sort();
        for (const host of hosts) host.stdin.end();
        await Promise.all(hosts);
        expect(words).toEqual([
          "TR_INVALID_ARGUMENT",
          "TR_INVALID_ARGUMENT",
          "TR_INVALID_ARGUMENT",
          "right",
        ]);
      }
    });
  },
);

describe("the sweep", () => {
  const directory = (name: string, hostInfo?: string) => {
    const path = join(sessions.workspace, name);
    mkdirSync(path, { recursive: true });
    writeFileSync(join(path, "left.tsr"), "x");
    if (hostInfo !== undefined) writeFileSync(join(path, "host.json"), hostInfo);
  };
  const identity = hostIdentity();

  it.runIf(process.platform === "linux")(
    "removes what dead hosts have left, and nothing else",
    () => {
      directory("tr_session_dead", buildHostInfo({ ...identity, startTime: "1" }));
      directory("tr_session_before_boot", buildHostInfo({ ...identity, bootId: "another" }));
      directory("tr_session_no_pid", buildHostInfo({ ...identity, pid: 2 ** 30 }));
      directory("kept_tr_session_living", buildHostInfo(identity));
      directory("kept_other_name", buildHostInfo({ ...identity, startTime: "1" }));
      const kept = ["kept_other_name", "kept_tr_session_living"];
      const sessionsKept: [string, string | undefined][] = [
        ["tr_session_living", buildHostInfo(identity)],
        [
          "tr_session_container",
          buildHostInfo({ ...identity, pid: 2 ** 30, pidNamespace: "pid:[1]" }),
        ],
        ["tr_session_unknown", undefined],
        ["tr_session_damaged", '{"pid": "x"'],
      ];
      for (const [name, info] of sessionsKept) directory(name, info);
      symlinkSync(
        join(sessions.workspace, "kept_other_name"),
        join(sessions.workspace, "tr_session_link"),
      );
      sweep(sessions.workspace);
      const left = sessions.files().filter((path) => !path.includes("/"));
      expect(left.sort()).toEqual(
        [...kept, ...sessionsKept.map(([name]) => name), "tr_session_link"].sort(),
      );
      for (const name of left) sessions.remove(name);
    },
  );

  it.runIf(process.platform === "linux")("comes with the first session in a folder", async () => {
    directory("python_session/tr_session_dead", buildHostInfo({ ...identity, startTime: "1" }));
    await sessions.started();
    expect(sessions.files().filter((path) => path.endsWith("tr_session_dead"))).toEqual([]);
  });
});
