import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, rmdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { script, until, useSessions } from "../test/scripts.js";
import { oomKills } from "./oom-kills.js";

const sessions = useSessions();
const controller = "/sys/fs/cgroup/memory";

/** A group of processes that may have 100 MiB together: needs root and version 1 of the kernel's control groups. */
function makeGroup(): string | undefined {
  const group = join(controller, `tr-test-${process.pid}`);
  try {
    if (!existsSync(join(controller, "memory.limit_in_bytes"))) return undefined;
    mkdirSync(group);
    writeFileSync(join(group, "memory.limit_in_bytes"), String(100 * 2 ** 20));
    return group;
  } catch {
    return undefined;
  }
}

const group = makeGroup();
if (group) rmdirSync(group);

describe("a worker that is killed", () => {
  it.skipIf(group === undefined)(
    "because memory ran out is said to be (needs root and control groups)",
    async () => {
      const limited = makeGroup() as string;
      try {
        const session = await sessions.started({ script: script("hungry.py"), args: [limited] });
        const error = await session.call("eat", []).then(null, (reason) => reason);
        expect(error).toMatchObject({ code: "TR_WORKER_CRASHED", signal: "SIGKILL", oom: true });
        expect(error.message).toContain("out of memory");
      } finally {
        await until(() => spawnSync("rmdir", [limited]).status === 0);
      }
    },
  );

  it.skipIf(process.platform === "win32")("by somebody else is not", async () => {
    const session = await sessions.started();
    const error = session.call("sleep", [60]).then(null, (reason) => reason);
    process.kill(session.info?.pid ?? 0, "SIGKILL");
    expect(await error).toMatchObject({ code: "TR_WORKER_CRASHED", signal: "SIGKILL", oom: false });
  });

  it.skipIf(process.platform !== "linux")("is counted by the kernel", () => {
    expect(oomKills()).toBeGreaterThanOrEqual(0);
  });
});
