import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it, onTestFinished } from "vitest";
import { kinds } from "./kinds.js";
import type { Results } from "./results.js";
import { usualWorks } from "./works.js";

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

// Peers that need nothing installed. No figure is held against a limit: this is no place for that.
it("does every work with real workers, checks the answers, and writes table, JSON and chart", {
  timeout: 240_000,
}, async () => {
  const folder = mkdtempSync(join(tmpdir(), "trb-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const [json, svg] = [join(folder, "bench.json"), join(folder, "bench.svg")];
  const peers = ["session-file", "stdio-framed", "numpy-out", "tsr-view"];
  const args = ["--quick", "--rounds", "1", "--peers", peers.join(","), "--json", json];
  const { code, stdout, stderr } = await bench(...args, "--svg", svg);
  expect(code, stderr + stdout).toBe(0);

  const results = JSON.parse(readFileSync(json, "utf8")) as Results;
  expect(results).toMatchObject({ schema: 1, quick: true, rounds: 1 });
  expect(results.peers.map(({ name }) => name)).toEqual(peers);
  expect(results.works.map(({ name }) => name)).toEqual(usualWorks.map(({ name }) => name));
  for (const { name, metrics, results: entries } of results.works) {
    const work = usualWorks.find((each) => each.name === name);
    const takes = work?.takes ?? (({ group }) => group === "session" || group === "peer");
    const takers = kinds.filter((kind) => peers.includes(kind.name) && takes(kind));
    expect(entries.map(({ peer }) => peer)).toEqual(takers.map(({ name }) => name));
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
      if (name !== "codec") expect(entry.toBest).toBeGreaterThan(0);
      if (entry.peer === "stdio-framed") expect(entry.toBest).toBe(1);
    }
    if (name === "timer") {
      for (const { histogram } of entries) {
        expect(histogram).toHaveLength(results.bucketsMs.length + 1);
        expect(histogram?.reduce((sum, count) => sum + count)).toBeGreaterThan(1);
      }
    }
  }

  const goal = results.goals.find(({ title }) => title === "64 MiB, files");
  expect(goal).toMatchObject({ limit: 0.6, reached: expect.any(Number), met: expect.any(Boolean) });
  expect(results.goals.some(({ met }) => met === undefined)).toBe(true);
  expect(stdout).toMatch(/^Goals: \d+ met, .*\d+ not measured$/m);

  for (const { title } of [...results.works, ...results.peers]) expect(stdout).toContain(title);
  expect(stdout).not.toContain("FAILED");
  const chart = readFileSync(svg, "utf8");
  for (const { title } of results.works) expect(chart).toContain(title.replaceAll("&", "&amp;"));
  expect(chart).toContain("prefers-color-scheme: dark");
  expect(chart).not.toMatch(/<script|href|NaN|undefined/);
});

it("names the option that it does not understand, and the choice", async () => {
  const { code, stderr } = await bench("--peers", "soap");
  expect(code).toBe(2);
  expect(stderr).toMatch(/^bench: --peers: expected some of session-file, .*, found soap\n$/);
});
