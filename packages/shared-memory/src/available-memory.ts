import { readFileSync } from "node:fs";
import { freemem, totalmem } from "node:os";

/** Smaller files are made unasked: the question takes longer than they do. */
const minAskedBytes = 2 ** 20;
/** What a file leaves to everybody else: with nothing left the system ends a process, perhaps this one. */
const leftShare = 1 / 16;

/**
 * Memory files belong to no file system that could be full: the kernel takes pages for them until it has
 * to kill a process. So what is there is looked at first.
 *
 * @throws an error with `code` `"ENOMEM"`
 */
export function checkAvailable(size: number): void {
  if (size < minAskedBytes) return;
  const available = Math.floor(availableBytes() * (1 - leftShare));
  if (size <= available) return;
  throw Object.assign(new Error(`${available} bytes of memory are available`), { code: "ENOMEM" });
}

/** Of the machine, or of the control group, whose use includes files that are only cached. */
function availableBytes(): number {
  const free = freemem();
  const limit = process.constrainedMemory();
  if (limit === 0 || limit > totalmem()) return free;
  return Math.min(free, process.availableMemory() + cachedFileBytes());
}

/** https://docs.kernel.org/admin-guide/cgroup-v2.html#memory-interface-files, and the first version's. */
function cachedFileBytes(): number {
  for (const path of ["/sys/fs/cgroup/memory.stat", "/sys/fs/cgroup/memory/memory.stat"]) {
    try {
      const found = readFileSync(path, "utf8").matchAll(/^(?:in)?active_file (\d+)$/gm);
      return [...found].reduce((sum, [, bytes]) => sum + Number(bytes), 0);
    } catch {
      // the other version's, or none
    }
  }
  return 0;
}
