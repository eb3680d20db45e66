import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, it } from "vitest";
import { script, useSessions } from "../test/scripts.js";

const sessions = useSessions();
const program = (name: string) => fileURLToPath(new URL(`../test/${name}`, import.meta.url));

it("tells what a script prints and logs as lines, and takes none of it for an answer", async () => {
  const session = await sessions.started({ script: script("chatty.py") });
  const lines: string[] = [];
  session.on("log", ({ stream, line }) => lines.push(`${stream}: ${line}`));
  expect(await session.call("say")).toBeNull();
  await session.close();
  expect(lines.sort()).toEqual(
    [
      "stderr: INFO by logging",
      "stdout: no line end",
      'stdout: {"id": "1", "final": true, "kind": "value", "value": "forged"}',
    ].sort(),
  );
});

it("loses and reorders no line of 100 MB of output, in bounded memory", async () => {
  const lines = 100_000;
  const { stdout } = await execa(process.execPath, [
    ...[program("logs.mjs"), script("chatty.py"), sessions.workspace, String(lines), "1000"],
  ]);
  const { next, disordered, bytes, grownBytes } = JSON.parse(stdout);
  expect({ next, disordered }).toEqual({
    next: { stdout: lines, stderr: lines + 1 },
    disordered: 0,
  });
  expect(bytes).toBeGreaterThan(100e6);
  expect(grownBytes).toBeLessThan(64 * 2 ** 20);
});

it("lets print wait when stderr is 8 MiB behind, and answers meanwhile", async () => {
  const lines = 40_000;
  const args = [program("slow-stderr.mjs"), script("chatty.py"), sessions.workspace];
  // Not execa: it reads both outputs from the start, whoever else does.
  const host = spawn(process.execPath, [...args, String(lines), "1000"], { stdio: "pipe" });
  const [line] = await once(createInterface({ input: host.stdout }), "line");
  const { behind } = JSON.parse(line);
  expect(behind).toBeGreaterThan(8 * 2 ** 20);
  expect(behind).toBeLessThan(9 * 2 ** 20);
  const text: string[] = [];
  const reader = createInterface({ input: host.stderr }).on("line", (found) => text.push(found));
  while (text.length < lines) await once(reader, "line");
  host.stdin.end("read\n");
  await once(host, "close");
  const numbers = text.map((found) => Number(/^\[slow\] (\d+) x+$/.exec(found)?.[1]));
  const odd = numbers.filter((number) => number % 2 === 1);
  expect(odd).toEqual(odd.toSorted((a, b) => a - b));
  expect(new Set(numbers).size).toBe(lines);
});

it("drops what nobody listens to when it is quiet", async () => {
  const flood = `
    import { PythonSession } from "@tr/session";
    const [script, workspace, quiet] = process.argv.slice(1);
    const session = new PythonSession({ script, workspace, sessionId: "s", quiet: quiet === "true" });
    await session.start();
    await session.call("flood", [2, 1]);
    await session.close();`;
  const printed = async (quiet: boolean) => {
    const { stderr } = await execa(
      process.execPath,
      [
        ...["--input-type=module", "-e", flood, "--"],
        ...[script("chatty.py"), sessions.workspace, `${quiet}`],
      ],
      { cwd: fileURLToPath(new URL("..", import.meta.url)) },
    );
    return stderr.split("\n").sort();
  };
  expect(await printed(false)).toEqual(["[s] 0 x", "[s] 1 x"]);
  expect(await printed(true)).toEqual([""]);
});
