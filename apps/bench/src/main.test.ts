import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { kinds } from "./kinds.js";
import type { AnyKind } from "./peer.js";
import type { Results } from "./results.js";
import { works } from "./works.js";

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));

async function bench(...args: readonly string[]) {
  const child = spawn(process.execPath, [main, ...args], { stdio: ["ignore", "pipe", "pipe"] });
  const said = { stdout: "", stderr: "" };
  for (const name of ["stdout", "stderr"] as const) {
    child[name].setEncoding("utf8").on("data", (text: string) => {
      said[name] += text;
    });
  }
  const [code] = await once(child, "close");
  return { code, ...said };
}

async function results(folder: string, works: string, peers: string) {
  const file = join(folder, `${works}.json`);
  const svg = join(folder, `${works}.svg`);
  const args = ["--quick", "--rounds", "1", "--only", works, "--peers", peers];
  const { code, stdout, stderr } = await bench(...args, "--json", file, "--svg", svg);
  expect(code, stderr + stdout).toBe(0);
  expect(stdout).not.toContain("FAILED");
  const found = JSON.parse(readFileSync(file, "utf8")) as Results;
  expect(found).toMatchObject({ schema: 1, quick: true, rounds: 1 });
  expect(found.works.map(({ name }) => name).join()).toBe(works);
  expect(found.peers.map(({ name }) => name).join()).toBe(peers);
  for (const { title } of found.works) expect(stdout).toContain(title);
  return { found, stdout, chart: readFileSync(svg, "utf8") };
}

const isRow = ({ group }: AnyKind) => group === "session" || group === "peer";

function checkRows({ works: done, peers, bucketsMs }: Results): void {
  for (const { name, metrics, results: entries } of done) {
    const work = works.find((each) => each.name === name);
    const takers = kinds.filter(
      (kind) => peers.some((peer) => peer.name === kind.name) && (work?.takes ?? isRow)(kind),
    );
    expect(entries.map(({ peer }) => peer)).toEqual(takers.map((kind) => kind.name));
    for (const entry of entries) {
      if (entry.leftOut !== undefined) {
        expect(["idle", "memory"]).toContain(name);
        expect(process.platform).not.toBe("linux");
        continue;
      }
      expect(entry.rounds).toHaveLength(1);
      for (const { key } of metrics) {
        expect(entry.figures?.[key], `${name}, ${entry.peer}: ${key}`).toBeGreaterThanOrEqual(0);
      }
      const isCompared = !["codec", "chat", "execute"].includes(name); // with the best of the session's peers
      if (isCompared) expect(entry.toBest).toBeGreaterThan(0);
      if (entry.peer === "stdio-framed") expect(entry.toBest).toBe(1);
      if (name === "timer") {
        expect(entry.histogram).toHaveLength(bucketsMs.length + 1);
        expect(entry.histogram?.reduce((sum, count) => sum + count)).toBeGreaterThan(1);
      }
    }
  }
}

// Peers that need nothing installed. No figure is held against a limit: this is no place for that.
it("does every kind of work with real workers, checks the answers, and writes table, JSON and chart", async () => {
  const folder = mkdtempSync(join(tmpdir(), "trb-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [calls, others] = await Promise.all([
    results(folder, "text,4KiB,200x1MiB,start,timer", "session-file,stdio-framed,numpy-out"),
    results(
      folder,
      "8-sessions,idle,memory,chat,execute,codec",
      "stdio-framed,gateway,sandbox,tsr-encode",
    ),
  ]);
  checkRows(calls.found);
  checkRows(others.found);

  const goal = calls.found.goals.find(({ title }) => title === "start to first reply, files");
  expect(goal).toMatchObject({ reached: expect.any(Number), met: expect.any(Boolean) });
  expect(calls.found.goals.some(({ met }) => met === undefined)).toBe(true);
  expect(calls.stdout).toMatch(/^Goals: \d+ met, .*\d+ not measured$/m);

  for (const { title } of [...calls.found.works, ...calls.found.peers]) {
    expect(calls.chart).toContain(title);
  }
  expect(calls.chart).toContain("prefers-color-scheme: dark");
  expect(calls.chart).not.toMatch(/<script|href|NaN|undefined/);
});

it("names the option that it does not understand, and the choice", async () => {
  const { code, stderr } = await bench("--peers", "soap");
  expect(code).toBe(2);
  expect(stderr).toMatch(/^bench: --peers: expected some of session-file, .*, found soap\n$/);
});
