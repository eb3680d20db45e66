import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { performance } from "node:perf_hooks";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished, vi } from "vitest";
import { campaignSeed, campaignSize, isCampaign, randomIntegers } from "./campaign.fixture.js";
import { openFileChannel } from "./open-file-channel.js";
import { runProgram, runProgramBlocking } from "./run-program.fixture.js";
import { temporaryDirectory } from "./temporary-directory.fixture.js";

const random = randomIntegers(campaignSeed);
const timeout = campaignSize(0) * 100 + 60_000;

it(
  "with notifications off on both sides every message arrives within the interval of the poll",
  async () => {
    const count = campaignSize(40);
    const channel = openFileChannel(temporaryDirectory(onTestFinished), { notifications: false });
    // The other side takes each request at once and answers it.
    const echo = runProgram(
      `import { openFileChannel as open } from "@tr/file-channel";
       const quiet = open(directory, { notifications: false });
       const deadline = performance.now() + 18_000;
       while (performance.now() < deadline) {
         const request = await quiet.waitFor(() => quiet.takeSync("request.json"), { timeoutMs: 1000 });
         if (request === undefined) continue;
         if (request.length === 0) break;
         quiet.writeSync("response.json", request);
       }`,
      channel.directory,
    );
    let slowest = 0;
    const started = performance.now();
    const stop = started + 15_000; // the program's own limit is 40 s
    let sent = 0;
    for (; sent < count && performance.now() < stop; sent++) {
      const since = performance.now();
      channel.writeSync("request.json", `message ${sent}`);
      const answer = await channel.waitFor(() => channel.takeSync("response.json"), {
        timeoutMs: 5000,
      });
      if (answer === undefined) throw new Error(`message ${sent} was not answered in 5 s`);
      expect(Buffer.from(answer).toString()).toBe(`message ${sent}`);
      // The first waits for the program to start.
      if (sent > 0) slowest = Math.max(slowest, performance.now() - since);
      if (random(16) === 0) await new Promise((resolve) => setTimeout(resolve, random(100)));
    }
    channel.writeSync("request.json", "");
    expect((await echo).status).toBe(0);
    expect(slowest).toBeLessThan(1500); // 2 × 32 ms on an idle machine
    if (isCampaign)
      console.log(`${sent} messages by the poll alone, the slowest ${slowest.toFixed(0)} ms`);
    channel.close();
  },
  timeout,
);

it.each([true, false])(
  "renames while the event loop is blocked are all found (notifications: %s)",
  async (notifications) => {
    const wanted = campaignSize(1000);
    let found = 0;
    const started = performance.now();
    while (found < wanted) {
      const count = Math.min(wanted - found, 1 + random(30_000));
      const channel = openFileChannel(temporaryDirectory(onTestFinished), { notifications });
      const taken = new Set<string>();
      const all = channel.waitFor(
        () => {
          for (const name of channel.list()) if (channel.takeSync(name)) taken.add(name);
          return taken.size === count || undefined;
        },
        { timeoutMs: 30_000 },
      );
      await new Promise((resolve) => setImmediate(resolve));
      runProgramBlocking(
        `for (let at = 0; at < ${count}; at += 1) channel.writeSync("t" + at + ".tsr", "x");`,
        channel.directory,
      );
      expect(await all, `seed ${campaignSeed}: ${taken.size} of ${count}`).toBe(true);
      channel.close();
      found += count;
    }
    if (!isCampaign) return;
    const seconds = ((performance.now() - started) / 1000).toFixed(1);
    console.log(`${found} renames, notifications ${notifications}, 0 missed, ${seconds} s`);
  },
  timeout,
);

it("a wall clock that jumps moves no time-out and no poll", async () => {
  onTestFinished(() => void vi.restoreAllMocks());
  const clock = Date.now;
  let asked = 0;
  vi.spyOn(Date, "now").mockImplementation(() => {
    asked++;
    return clock() + (random(2 ** 31) - 2 ** 30) * 1000; // up to 34 years either way
  });
  const channel = openFileChannel(temporaryDirectory(onTestFinished), { notifications: false });
  for (const timeoutMs of [0, 5, 50, 120]) {
    const started = performance.now();
    expect(await channel.waitFor(() => undefined, { timeoutMs })).toBe(undefined);
    const waited = performance.now() - started;
    expect(waited).toBeGreaterThan(timeoutMs - 1);
    expect(waited).toBeLessThan(timeoutMs + 1000);
  }
  channel.close();
  expect(asked).toBe(0);
});

it("no code of any package reads the wall clock, but for the timestamps in messages", () => {
  const packages = fileURLToPath(new URL("../..", import.meta.url));
  const reads = readdirSync(packages).flatMap((name) => {
    const source = join(packages, name, "src");
    return readdirSync(source, { recursive: true, encoding: "utf8" })
      .filter((file) => file.endsWith(".ts") && !/\.(test|fixture)\.ts$/.test(file))
      .flatMap((file) =>
        readFileSync(join(source, file), "utf8")
          .split("\n")
          .filter((line) => /\bDate\.now\b|new Date\(\)/.test(line) && !/^\s*(\/\/|\*)/.test(line))
          .map((line) => `${name}/src/${file}: ${line.trim()}`),
      );
  });
  expect(reads.length).toBeGreaterThan(0);
  expect(reads.filter((line) => !/timestamp/i.test(line))).toEqual([]);
});
