import { spawnSync } from "node:child_process";
import { execa } from "execa";
import { expect, it } from "vitest";
import { script, useSessions } from "../test/scripts.js";
import type { Transport } from "./options.js";

const sessions = useSessions();
/** A memory file system of our own that only the program sees, and that goes with it. */
const inSmallFolder = (...command: string[]) => [
  ...["unshare", "--mount", "--user", "--map-root-user", "sh", "-c"],
  ...['mount -t tmpfs -o size=1m none "$0" && exec "$@"', sessions.workspace, ...command],
];
const canMount =
  spawnSync("unshare", [
    "--mount",
    "--user",
    "--map-root-user",
    "mount",
    "-t",
    "tmpfs",
    "x",
    "/mnt",
  ]).status === 0;

const closeOnFull = (transport: Transport, expected: unknown) => async () => {
  const program = `
      import { closeSync, openSync, readdirSync, writeSync } from "node:fs";
      import { PythonSession } from "@tr/session";
      const workspace = process.argv[1];
      const session = new PythonSession({
        script: ${JSON.stringify(script("commands.py"))}, workspace, quiet: true, transport: ${JSON.stringify(transport)},
      });
      await session.start();
      const { pid } = session.info;
      const filler = openSync(workspace + "/filler", "w");
      for (const size of [4096, 1]) {
        try { for (;;) writeSync(filler, Buffer.alloc(size)); } catch (error) {
          if (error.code !== "ENOSPC") throw error;
        }
      }
      const started = performance.now();
      const code = await session.call("count").catch(({ code }) => code);
      await session.close();
      const elapsedMs = performance.now() - started;
      const left = readdirSync(workspace + "/python_session");
      let isAlive = true;
      try { process.kill(pid, 0); } catch { isAlive = false; }
      console.log(JSON.stringify({ code, isAlive, left, isSoon: elapsedMs < 3500 }));`;
  const { stdout } = await execa({
    cwd: import.meta.dirname,
  })`${inSmallFolder(process.execPath, "--input-type=module", "-e", program, sessions.workspace)}`;
  expect(JSON.parse(stdout)).toEqual({
    code: expected,
    isAlive: false,
    left: [],
    isSoon: true,
  });
};

if (canMount) {
  const title = "close on a disk without a free byte ends the worker and leaves nothing";
  it(`${title}: files`, closeOnFull("file", "TR_WORKSPACE_FULL"));
  it(`${title}: memory`, closeOnFull("auto", 1)); // such a call needs no room
}
