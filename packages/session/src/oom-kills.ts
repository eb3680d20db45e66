import { readFileSync } from "node:fs";

/**
 * How many processes the kernel's out-of-memory killer has ended since the machine started, for a
 * limit of a container's too; `undefined` where nobody counts. Linux: `oom_kill` of /proc/vmstat
 * (https://docs.kernel.org/filesystems/proc.html), which containers can read as well.
 *
 * The kernel tells nobody whom it killed, but a process that ended by a SIGKILL that was not ours
 * while this number rose is taken for one of them.
 */
export function oomKills(): number | undefined {
  if (process.platform !== "linux") return undefined;
  try {
    const [, count] = /^oom_kill (\d+)$/m.exec(readFileSync("/proc/vmstat", "latin1")) ?? [];
    return count === undefined ? undefined : Number(count);
  } catch {
    return undefined; // no /proc: nobody counts
  }
}
