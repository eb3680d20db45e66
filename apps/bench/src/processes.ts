import { readdirSync, readFileSync, writeFileSync } from "node:fs";

// What Linux says about processes: https://man7.org/linux/man-pages/man5/proc.5.html

/** A worker and whatever a peer has started besides. */
export function descendants(pid: number): number[] {
  const parents = new Map<number, number>();
  for (const name of readdirSync("/proc")) {
    if (!/^\d+$/.test(name)) continue;
    try {
      // The name of the program, in brackets, can hold anything.
      const stat = readFileSync(`/proc/${name}/stat`, "utf8");
      parents.set(Number(name), Number(stat.slice(stat.lastIndexOf(")") + 4).split(" ")[0]));
    } catch (error) {
      if (!isGone(error)) throw error;
    }
  }
  const found = [pid];
  for (const ancestor of found) {
    for (const [child, parent] of parents) if (parent === ancestor) found.push(child);
  }
  return found.slice(1);
}

/** Time on a processor of all threads, in nanosecond steps where `stat` has steps of 10 ms. */
export function cpuSeconds(pid: number): number {
  let nanoseconds = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    const schedstat = readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8");
    nanoseconds += Number(schedstat.split(" ")[0]);
  }
  return nanoseconds / 1e9;
}

/** What Linux has counted for a process since its start, all threads. */
export interface Counters {
  readonly cpuUs: number;
  /** How often it gave the processor away because it had to wait. */
  readonly waits: number;
  /** Pages that were not there when they were touched, and took no disk to get. */
  readonly faults: number;
  /** System calls that read or write: files, pipes, sockets. Others are not counted. */
  readonly transfers: number;
}

export function countersOf(pid: number): Counters {
  const read = (name: string) => readFileSync(`/proc/${pid}/${name}`, "utf8");
  const number = (text: string, name: string) =>
    Number(new RegExp(`^${name}:\\s+(\\d+)`, "m").exec(text)?.[1]);
  const stat = read("stat");
  const io = read("io");
  let waits = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    waits += number(read(`task/${thread}/status`), "voluntary_ctxt_switches");
  }
  return {
    cpuUs: cpuSeconds(pid) * 1e6,
    waits,
    faults: Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[7]),
    transfers: number(io, "syscr") + number(io, "syscw"),
  };
}

/** Resident memory now, and its peak since `forgetPeak`, in MiB. */
export function memoryMiB(pid: number): { now: number; peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, "utf8");
  return { now: fieldMiB(status, "VmRSS"), peak: fieldMiB(status, "VmHWM") };
}

/** Resident pages of memory file systems and of shared memory, whoever else maps them. */
export const mappedSharedMiB = (pid: number): number =>
  fieldMiB(readFileSync(`/proc/${pid}/status`, "utf8"), "RssShmem");

/** The process's share of mapped memory that no directory lists: what n processes map is an nth of each. */
export function namelessMiB(pid: number): number {
  let isNameless = false;
  let kib = 0;
  for (const line of readFileSync(`/proc/${pid}/smaps`, "utf8").split("\n")) {
    if (/^[\da-f]+-/.test(line)) isNameless = line.endsWith(" (deleted)");
    else if (isNameless && line.startsWith("Pss:")) kib += Number(/\d+/.exec(line));
  }
  return kib / 1024;
}

const fieldMiB = (status: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, "m").exec(status)?.[1]) / 1024;

export const forgetPeak = (pid: number): void => writeFileSync(`/proc/${pid}/clear_refs`, "5");

/** ENOENT and ESRCH: the process ended while it was looked at. */
const isGone = (error: unknown): boolean =>
  ["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "");
