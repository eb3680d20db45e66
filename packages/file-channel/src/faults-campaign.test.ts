import { execFileSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { afterAll, describe, expect, it, onTestFinished } from "vitest";
import {
  campaignSeed,
  campaignSize,
  isCampaign,
  type Operator,
  randomIntegers,
  startOperator,
} from "./campaign.fixture.js";
import { openFileChannel } from "./open-file-channel.js";
import { isInstalled } from "./run-program.fixture.js";
import { temporaryDirectory } from "./temporary-directory.fixture.js";

const linux = process.platform === "linux";
const strace = linux && isInstalled("strace", "-qq", "-e", "inject=getppid:error=EPERM", "true");
const random = randomIntegers(campaignSeed);
const pick = <T>(list: readonly T[]): T => list[random(list.length)] as T;
const totals = new Map<string, number>();
const count = (what: string, more = 1) => totals.set(what, (totals.get(what) ?? 0) + more);

afterAll(() => {
  const list = [...totals].sort().map(([what, times]) => `${what} ${times}`);
  if (isCampaign) console.log(`seed ${campaignSeed}: ${list.join(", ")}`);
});

const errors = ["ENOSPC", "EIO", "EDQUOT", "EFBIG", "EINTR", "EAGAIN", "EACCES", "EROFS", "ENOMEM"];
// libuv has no name for EDQUOT.
const full = /^TR_WORKSPACE_FULL (ENOSPC|EFBIG|UNKNOWN|Unknown system error -122|none)$/;

/** What lies in the place of request.json: "7 100" for 100 bytes of value 7. Fails on a mixture. */
function content(directory: string): string | undefined {
  const path = join(directory, "request.json");
  if (!existsSync(path)) return undefined;
  const bytes = readFileSync(path);
  if (bytes.some((byte) => byte !== bytes[0])) expect.fail(`${bytes.length} mixed bytes`);
  return `${bytes[0]} ${bytes.length}`;
}

/** One operation, and whether what is there is what must be there now. */
async function step(operator: Operator, directory: string): Promise<void> {
  const before = content(directory);
  const large = random(8) === 0;
  const data = `${1 + random(250)} ${large ? 262_145 + random(600_000) : 1 + random(5000)}`;
  const operation = pick([
    `write ${data}`,
    `write ${data}`,
    `writeAsync ${data}`,
    "take",
    "takeAsync",
  ]);
  const answer = await operator.ask(operation);
  const after = content(directory);
  const what = `${operation}: ${answer}; before ${before}, after ${after}`;
  count(answer?.replace(/^taken.*/, "taken") ?? "gone");
  if (answer === "written") expect(after, what).toBe(data);
  else if (answer?.startsWith("taken"))
    expect([`taken ${before}`, undefined], what).toEqual([answer, after]);
  else if (answer === "nothing") expect([before, after], what).toEqual([undefined, undefined]);
  else {
    expect(after, what).toBe(before);
    const code = answer?.replace("failed ", "") ?? "";
    expect(full.test(code) || /^TR_PROTOCOL E[A-Z]+$/.test(code), what).toBe(true);
    if (/ENOSPC|EFBIG|unknown/i.test(code)) expect(code, what).toMatch(full);
  }
}

/** Nothing is left behind that the next write does not clear. */
function expectRecovery(directory: string): void {
  const channel = openFileChannel(directory);
  channel.writeSync("request.json", "\u0001\u0001");
  expect(content(directory)).toBe("1 2");
  expect(readdirSync(directory)).toEqual(["request.json"]);
}

const traced = (directory: string, log: string, faults: readonly string[]) => [
  ...["strace", "-f", "-qq", "-o", log, "-e", "signal=none"],
  ...["request.tmp", "request.json"].flatMap((file) => ["-P", join(directory, file)]),
  ...faults.flatMap((fault) => ["-e", `inject=${fault}`]),
];

describe.skipIf(!strace)("(skipped where strace is not installed or not allowed)", () => {
  const size = campaignSize(60);
  it(
    "errors at any system call of writing and taking: typed, old content in place, nothing left behind",
    async () => {
      for (let injected = 0; injected < size; ) {
        const directory = temporaryDirectory(onTestFinished);
        const log = join(temporaryDirectory(onTestFinished), "strace");
        const faults = [
          "openat",
          "write,writev,pwritev",
          "close",
          "rename",
          "unlink",
          "read",
          "fstat,statx",
        ]
          .filter(() => random(3) > 0)
          .map((call) => `${call}:error=${pick(errors)}:when=${1 + random(4)}+${2 + random(8)}`);
        if (random(4) === 0)
          faults.push(`write,writev:retval=0:when=${1 + random(3)}+${3 + random(4)}`);
        const operator = await startOperator(directory, traced(directory, log, faults));
        try {
          for (let i = 0; i < 100; i++) await step(operator, directory);
        } catch (error) {
          throw new Error(`seed ${campaignSeed}, ${faults.join(" ")}: ${error}`, { cause: error });
        } finally {
          await operator.end();
        }
        injected += readFileSync(log, "utf8").split("(INJECTED)").length - 1;
        count("operations", 100);
        expectRecovery(directory);
        if (injected >= size) count("injected errors", injected);
      }
    },
    size * 1000 + 60_000,
  );

  const calls = [
    "openat",
    "write",
    "writev",
    "close",
    "rename",
    "unlink",
    "lstat",
    "statx",
    "fstat",
    "read",
  ];
  const kills = campaignSize(200) / 50;
  it(
    "a kill at any system call: the old content or the whole new one, and the next write clears the rest",
    async () => {
      for (let killed = 0, tried = 0; killed < kills && tried < 3 * kills + 20; tried++) {
        const directory = temporaryDirectory(onTestFinished);
        openFileChannel(directory).writeSync("request.json", new Uint8Array(9).fill(9));
        const fault = `?${pick(calls)}:signal=KILL:when=${1 + random(12)}`;
        const operator = await startOperator(directory, traced(directory, "/dev/null", [fault]));
        const allowed = new Set([content(directory)]);
        let answer: string | undefined = "";
        for (let i = 0; i < 12 && answer !== undefined; i++) {
          const data = `${1 + i} ${pick([1, 4000, 300_000])}`;
          const operation = pick([`write ${data}`, `writeAsync ${data}`, "take"]);
          allowed.clear();
          allowed.add(content(directory)).add(operation === "take" ? undefined : data);
          answer = await operator.ask(operation);
        }
        await operator.end();
        expect(allowed, `seed ${campaignSeed}, ${fault}`).toContain(content(directory));
        expectRecovery(directory);
        if (answer !== undefined) continue;
        killed++;
        count("kills at system calls");
      }
      expect(totals.get("kills at system calls") ?? 0).toBeGreaterThan(0);
    },
    kills * 10_000 + 60_000,
  );
});

const kills = Math.ceil(campaignSize(150) / 50);
it.skipIf(process.platform === "win32")(
  "a kill at any moment of a writer: old or new content, whole, and the next write clears the rest",
  async () => {
    for (let killed = 0; killed < kills; killed++) {
      const directory = temporaryDirectory(onTestFinished);
      const operator = await startOperator(directory);
      const until = performance.now() + random(20) / 4;
      for (let i = 1; performance.now() < until; i++) {
        await operator.ask(`write ${1 + (i % 200)} ${pick([1, 5000, 200_000])}`);
      }
      operator.process.stdin?.write(`writeAsync 201 ${pick([10, 30_000_000])}\n`);
      await new Promise((resolve) => setTimeout(resolve, random(12)));
      operator.process.kill("SIGKILL");
      await operator.end();
      content(directory); // fails on a mixture
      expectRecovery(directory);
      count("kills at random");
    }
  },
  kills * 10_000 + 60_000,
);

const prlimit = linux && isInstalled("prlimit", "--version");
it.skipIf(!prlimit)(
  "a write that the system takes only a part of: TR_WORKSPACE_FULL, the old content stays (skipped without prlimit)",
  async () => {
    const size = Math.ceil(campaignSize(200) / 5);
    for (let done = 0; done < size; done += 50) {
      const directory = temporaryDirectory(onTestFinished);
      const operator = await startOperator(directory);
      for (let i = 0; i < 50; i++) {
        const limit = 1 + random(pick([10, 6000, 900_000]));
        execFileSync("prlimit", ["--pid", String(operator.process.pid), `--fsize=${limit}:`]);
        const before = content(directory);
        const bytes = 1 + random(pick([20, 6000, 900_000]));
        const data = `${1 + random(250)} ${bytes}`;
        const answer = await operator.ask(`${pick(["write", "writeAsync"])} ${data}`);
        const fits = bytes <= limit;
        const wanted = fits ? ["written", data] : ["failed TR_WORKSPACE_FULL EFBIG", before];
        expect([answer, content(directory)], `${data} of ${limit}`).toEqual(wanted);
        count(fits ? "fits" : "short writes");
      }
      await operator.end();
      expectRecovery(directory);
    }
  },
  campaignSize(200) * 100 + 60_000,
);
