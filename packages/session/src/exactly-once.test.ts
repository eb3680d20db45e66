import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { full, type Tensor } from "@tr/tsr-codec";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { campaignSize, randomNumbers, seed } from "../test/campaign.js";
import { processExists, script, transport, until } from "../test/scripts.js";
import { faultsIn, hasStrace, inject, some, strace } from "../test/system-call-faults.js";
import { PythonSession, TrError } from "./index.js";

const python = process.env.TR_PYTHON || "python3";
const isOverFiles = transport.transport === "file";
// Where sessions of ours lie by default, so that what kills leave in memory is seen.
const folder = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();

let workspace: string;
let marks: string;
beforeEach(() => {
  workspace = mkdtempSync(join(folder, "tr-once-"));
  marks = join(workspace, "marks");
});
afterEach(() => rmSync(workspace, { recursive: true, force: true }));

/** The numbers that a file of the test holds after a word, in order. */
function noted(path: string, word: RegExp): number[] {
  if (!existsSync(path)) return [];
  return [...readFileSync(path, "utf8").matchAll(word)].map((match) => Number(match[1]));
}

function expectEachOnce(numbers: number[]): void {
  expect(numbers).toEqual([...new Set(numbers)]);
}

/** One call with an answer that only it can have. */
async function callOnce(session: PythonSession, number: number): Promise<void> {
  const { number: back, x } = await session.call<{ number: number; x: Tensor }>(
    "mark",
    [number, full([4], 1)],
    { timeoutMs: 20_000 },
  );
  expect([back, x.data]).toEqual([number, full([4], number).data]);
}

const newSession = (pythonCommand: string[]) =>
  new PythonSession({
    script: script("marking.py"),
    workspace,
    quiet: true,
    args: [marks],
    python: pythonCommand,
    ...transport,
  });

/** Calls until the worker is killed, starts anew, calls again: every call is answered rightly or fails with the crash. */
async function callThroughCrash(session: PythonSession, kill?: () => void): Promise<number> {
  let crashes = 0;
  // A system call that many calls do without comes with a later one.
  for (let number = 1; number <= 30 || (crashes === 0 && number <= 3000); number++) {
    try {
      if (number === 3) kill?.();
      await callOnce(session, number);
    } catch (error) {
      if (!TrError.is(error, "TR_WORKER_CRASHED")) throw error;
      crashes++;
      const started = performance.now();
      if (crashes > 1) throw new Error("it crashed again");
      await session.start();
      expect(performance.now() - started).toBeLessThan(10_000);
    }
  }
  const executed = noted(marks, /^(\d+) \d+$/gm);
  expectEachOnce(executed); // never on two workers
  return crashes;
}

/** What is left in the memory file system of the sessions that were killed, by the next one's start or end. */
function leftover(): string[] {
  return readdirSync(workspace, { recursive: true, encoding: "utf8" }).filter((path) =>
    path.includes("tr_session_"),
  );
}

/** The command line of a host that makes `calls` calls and keeps a record of them in `notes`. */
const callingHost = (notes: string, calls: number) => [
  process.execPath,
  fileURLToPath(new URL("../test/calls.mjs", import.meta.url)),
  ...[script("marking.py"), workspace, notes, marks, String(calls)],
];

/** What a host that was killed had got until then: the right answers, in order, each call executed once. */
function expectRightAnswers(notes: string): { sent: number; right: number } {
  const sent = noted(notes, /^sent (\d+)$/gm);
  const right = noted(notes, /^right (\d+)$/gm);
  const executed = noted(marks, /^(\d+) \d+$/gm);
  expect(noted(notes, /^WRONG (\d+)$/gm)).toEqual([]);
  expect(right).toEqual(sent.slice(0, right.length));
  expect(executed).toEqual(sent.slice(0, executed.length));
  expect(executed.length).toBeGreaterThanOrEqual(right.length);
  return { sent: sent.length, right: right.length };
}

/** Of some times in ms, for the figures. */
function spread(times: number[]): string {
  const sorted = times.toSorted((a, b) => a - b);
  const at = (part: number) => sorted[Math.ceil(sorted.length * part) - 1]?.toFixed(0);
  return `${at(0.5)} ms (99 %: ${at(0.99)}, longest: ${at(1)})`;
}

describe.skipIf(!hasStrace())("killed at a system call of a call (needs strace)", () => {
  it("the worker: each call is answered once or fails, and the session starts anew", async () => {
    const log = join(workspace, "trace");
    const traced = newSession([...strace(log), python]);
    await traced.start();
    await callOnce(traced, 1);
    const lines = () => readFileSync(log, "utf8").split("\n").length - 1;
    const from = lines();
    await callOnce(traced, 2);
    const to = lines();
    const trace = readFileSync(log, "utf8");
    await traced.close();
    const faults = faultsIn(trace, from, to);
    expect(faults.length).toBeGreaterThan(isOverFiles ? 5 : 0); // memory needs few
    let crashes = 0;
    const chosen = some(faults, 4);
    for (const fault of chosen) {
      rmSync(marks, { force: true });
      // Only the first start is traced to its end: the second must not die of the same fault.
      const once = [
        "/bin/sh",
        "-c",
        `if mkdir "$0" 2>/dev/null; then exec "$@"; else shift ${strace("", ...inject(fault)).length}; exec "$@"; fi`,
      ];
      const flag = join(workspace, `flag-${fault.systemCall}-${fault.nth}`);
      const session = newSession([...once, flag, ...strace("/dev/null", ...inject(fault)), python]);
      try {
        await session.start();
        crashes += await callThroughCrash(session);
      } finally {
        await session.close();
      }
    }
    console.log(
      `worker killed at ${crashes} of ${chosen.length} system calls (${faults.length} in a call)`,
    );
    expect(crashes).toBe(chosen.length);
  }, 3_600_000);

  it("the host: what it got was right and came once, and a new host takes the same id", async () => {
    const run = async (more: string[], log: string) => {
      const notes = join(workspace, `notes-${more.join("").replace(/\W/g, "-")}`);
      const { signal, exitCode } = await execa({
        reject: false,
        stderr: "pipe",
      })`${strace(log, ...more)} ${callingHost(notes, 10)}`;
      return { notes, isKilled: signal === "SIGKILL" || exitCode === 137 };
    };
    const log = join(workspace, "trace");
    const whole = await run([], log);
    expect(readFileSync(whole.notes, "utf8")).toContain("closed");
    const trace = readFileSync(log, "utf8");
    const lineOf = (text: string) => trace.slice(0, trace.indexOf(text)).split("\n").length;
    const faults = faultsIn(trace, lineOf('"sent 2'), lineOf('"sent 3'));
    expect(faults.length).toBeGreaterThan(isOverFiles ? 8 : 0);
    let killed = 0;
    const chosen = some(faults, 3);
    for (const fault of chosen) {
      rmSync(marks, { force: true });
      const { notes, isKilled } = await run(inject(fault), "/dev/null");
      if (isKilled) killed++;
      expectRightAnswers(notes);
      // The reaper has ended the worker, or is about to: the same id is free at once or within its time.
      const directory = join(workspace, "python_session", "tr_session_same");
      await until(() => !existsSync(directory), 2000);
    }
    console.log(
      `host killed at ${killed} of ${chosen.length} system calls (${faults.length} in a call)`,
    );
    expect(killed).toBe(chosen.length);
  }, 3_600_000);
});

describe.skipIf(process.platform === "win32")("killed at a random moment", () => {
  it("the worker: each call is answered once or fails, and the session starts anew", async () => {
    const random = randomNumbers(seed);
    const session = newSession([python]);
    let crashes = 0;
    const times = campaignSize(5);
    try {
      for (let i = 0; i < times; i++) {
        rmSync(marks, { force: true });
        await session.start();
        const delayUs = random() * 3000;
        crashes += await callThroughCrash(session, () => {
          const { pid = 0 } = session.info ?? {};
          const killAt = performance.now() + delayUs / 1000;
          const spin = () => {
            if (performance.now() < killAt) setImmediate(spin);
            else process.kill(pid, "SIGKILL");
          };
          spin();
        });
        await session.terminate();
      }
    } finally {
      await session.close();
    }
    console.log(
      `worker killed ${crashes} of ${times} times in the middle of calls, ${leftover().length} files left`,
    );
    expect(leftover()).toEqual([]);
    expect(crashes).toBeGreaterThan(times / 2);
  }, 3_600_000);

  it("the host: what it got was right and came once, its worker and directory go, and a new host takes the same id", async () => {
    const random = randomNumbers(seed);
    const times = campaignSize(5);
    const goneMs: number[] = [];
    const recoveryMs: number[] = [];
    let answered = 0;
    let underWay = 0;
    for (let i = 0; i < times; i++) {
      rmSync(marks, { force: true });
      const notes = join(workspace, `notes-${i}`);
      const started = performance.now();
      const host = execa({
        reject: false,
        buffer: false,
        stderr: "inherit",
      })`${callingHost(notes, 1_000_000)}`;
      const lines = createInterface({ input: host.stdout })[Symbol.asyncIterator]();
      const { pid, directory } = JSON.parse((await lines.next()).value ?? "{}");
      recoveryMs.push((goneMs.at(-1) ?? 0) + performance.now() - started);
      await sleep(random() * 150); // the first call takes some 20 ms, the others 1 or 2
      host.kill("SIGKILL");
      const killed = performance.now();
      await until(() => !processExists(pid) && !existsSync(directory), 2000);
      goneMs.push(performance.now() - killed);
      expect((await host).signal).toBe("SIGKILL");
      const { sent, right } = expectRightAnswers(notes);
      answered += right;
      if (sent > right) underWay++;
    }
    const notes = join(workspace, "notes-whole");
    rmSync(marks);
    await execa`${callingHost(notes, 10)}`;
    expectRightAnswers(notes);
    expect(readFileSync(notes, "utf8")).toContain("closed");
    console.log(
      `host killed ${times} times, ${underWay} with a call under way, after ${answered} right answers: ` +
        `all gone after ${spread(goneMs)}, the next host ready after ${spread(recoveryMs)}, ${leftover().length} files left`,
    );
    expect(leftover()).toEqual([]);
    expect(underWay).toBeGreaterThan(times / 2);
  }, 3_600_000);
});
