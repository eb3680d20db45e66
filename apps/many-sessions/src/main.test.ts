import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
const workspace = mkdtempSync(join(tmpdir(), "tr-many-sessions-"));
afterAll(() => rmSync(workspace, { recursive: true, force: true }));

/** The lines of each step, by its title. */
const steps = new Map<string, string[]>();
let output = "";

beforeAll(async () => {
  const { stdout } = await execa(process.execPath, [main], { env: { TR_WORKSPACE: workspace } });
  output = stdout;
  for (const step of stdout.split("\n\n")) {
    const [title = "", ...lines] = step.split("\n");
    steps.set(
      title,
      lines.map((line) => line.trim()),
    );
  }
});

const linesOf = (title: string) => steps.get(title) ?? [];

describe("many-sessions", () => {
  it("does other work until the answer is there", () => {
    const lines = linesOf("Doing something else while Python works");
    expect(lines[1]).toMatch(/^meanwhile TypeScript found [1-9]\d* primes$/);
    expect(lines[2]).toBe("the answer is there: 9,9");
  });

  it("waits in short steps, each ending without the answer but the last", () => {
    const [sent, ...waits] = linesOf("Waiting in short steps");
    expect(sent).toBe("sent: square of 4");
    expect(waits.length).toBeGreaterThanOrEqual(2);
    expect(new Set(waits.slice(0, -1))).toEqual(new Set(["not yet: waiting again"]));
    expect(waits.at(-1)).toBe("the answer is there: 16,16");
  });

  it("spreads a batch over its sessions", () => {
    const [result, shares = ""] = linesOf("A batch of tensors through three sessions");
    expect(result).toContain("12 tensors, 100 ms of work each, are right");
    const counts = shares.match(/\d+/g)?.map(Number) ?? [];
    expect(counts).toHaveLength(3);
    expect(Math.min(...counts)).toBeGreaterThan(0);
    expect(counts.reduce((sum, count) => sum + count)).toBe(12);
  });

  it.each([
    ["hangs", "no answer within 1000 ms: terminate"],
    ["crashes", "the worker crashed with exit code 7"],
  ])("gets its answer from a new process when a worker %s", (what, message) => {
    expect(linesOf(`A worker that ${what}`)).toEqual([
      message,
      expect.stringMatching(/^started again: process \d+$/),
      "the same request succeeds: 25,25",
    ]);
  });

  it("leaves no process and no session directory", () => {
    expect(output).toContain("left when asked to: 3 of 3 sessions");
    const pids = [...output.matchAll(/process (\d+)/g)].map(([, pid]) => Number(pid));
    expect(new Set(pids).size).toBe(5);
    expect(pids.filter(exists)).toEqual([]);
    const left = readdirSync(workspace, { recursive: true, encoding: "utf8" });
    expect(left).toContain("python_session"); // it was used
    expect(left.filter((path) => path.includes("tr_session_"))).toEqual([]);
  });
});

function exists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== "ESRCH";
  }
}
