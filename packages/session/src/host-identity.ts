import { readFileSync, readlinkSync } from "node:fs";
import type { HostInfo } from "@tr/protocol";

/**
 * This process, for `host.json`: a later start tells a dead owner from a living one by it. The start
 * time (`/proc/<pid>/stat` field 22, ticks since boot) tells a reused pid, the boot id a reboot, the
 * namespace another container. Only Linux has these; elsewhere the pid must do.
 */
export function hostIdentity(pid: number = process.pid): HostInfo {
  const startTime = startTimeOf(pid);
  const bootId = readText("/proc/sys/kernel/random/boot_id")?.trim();
  const pidNamespace = ownPidNamespace();
  return {
    pid,
    ...(startTime !== undefined && { startTime }),
    ...(bootId !== undefined && { bootId }),
    ...(pidNamespace !== undefined && { pidNamespace }),
  };
}

/** False only when the owner is certainly gone; one in another pid namespace, for example, counts as living. */
export function isHostAlive(owner: HostInfo): boolean {
  const here = hostIdentity();
  if (owner.bootId !== undefined && here.bootId !== undefined && owner.bootId !== here.bootId) {
    return false;
  }
  if (owner.pidNamespace !== here.pidNamespace) return true;
  if (!processExists(owner.pid)) return false;
  return owner.startTime === undefined || owner.startTime === startTimeOf(owner.pid);
}

function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === "EPERM"; // it is there, and another user's
  }
}

function startTimeOf(pid: number): string | undefined {
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
