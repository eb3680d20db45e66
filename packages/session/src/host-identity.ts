import { readFileSync, readlinkSync } from "node:fs";

/** Says which process owns a session directory, so that a later start can tell a dead owner from a living one. */
export interface HostIdentity {
  readonly pid: number;
  /** Clock ticks from the boot to the process's start (`/proc/<pid>/stat` field 22): tells a reused pid. Linux only. */
  readonly start_time?: string;
  /** Linux only: a pid means nothing after a reboot. */
  readonly boot_id?: string;
  /** Linux only: nor does it in another container. */
  readonly pid_namespace?: string;
}

export function hostIdentity(pid: number = process.pid): HostIdentity {
  const start_time = startTime(pid);
  const boot_id = readText("/proc/sys/kernel/random/boot_id")?.trim();
  const pid_namespace = ownPidNamespace();
  return {
    pid,
    ...(start_time !== undefined && { start_time }),
    ...(boot_id !== undefined && { boot_id }),
    ...(pid_namespace !== undefined && { pid_namespace }),
  };
}

/** False only when the owner is certainly gone; one in another pid namespace, for example, counts as living. */
export function isHostAlive(owner: HostIdentity): boolean {
  const here = hostIdentity();
  if (owner.boot_id !== undefined && here.boot_id !== undefined && owner.boot_id !== here.boot_id) {
    return false;
  }
  if (owner.pid_namespace !== here.pid_namespace) return true;
  if (!processExists(owner.pid)) return false;
  return owner.start_time === undefined || owner.start_time === startTime(owner.pid);
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // it is there, and another user's
  }
}

function startTime(pid: number): string | undefined {
  // The second field, the program's name, can hold spaces and parentheses: count from its end.
  const stat = readText(`/proc/${pid}/stat`);
  return stat?.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
}

function ownPidNamespace(): string | undefined {
  try {
    return readlinkSync("/proc/self/ns/pid");
  } catch {
    return undefined; // not Linux
  }
}

function readText(path: string): string | undefined {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return undefined; // not Linux, or no such process
  }
}
