import { execFileSync } from "node:child_process";
import { campaignSize } from "./campaign.js";

/** What a call does to the file system and to the other side; a side is killed as it enters one of them. */
const systemCalls = [
  "openat",
  "write",
  "writev",
  "rename",
  "renameat",
  "unlink",
  "unlinkat",
  "close",
];

/** Whether strace is there and may trace: containers often forbid it. */
export function hasStrace(): boolean {
  try {
    execFileSync("strace", ["-qq", "-o", "/dev/null", "true"], { stdio: "ignore" });
    return true;
  } catch {
    return false;
  }
}

/** Without -f: the main thread alone, and not what it starts. */
export const strace = (log: string, ...more: string[]) => [
  ...["strace", "-qq", "-o", log],
  ...[
    "-e",
    `trace=${systemCalls.map((name) => `?${name}`).join(",")}`,
    "-e",
    "signal=none",
    ...more,
  ],
];

export interface Fault {
  readonly systemCall: string;
  /** The how manieth of the process's, from 1. */
  readonly nth: number;
}

/** The system calls in some lines of a trace, as faults to inject. */
export function faultsIn(trace: string, from: number, to: number): Fault[] {
  const counts = new Map<string, number>();
  const faults: Fault[] = [];
  for (const [at, line] of trace.split("\n").entries()) {
    const [, systemCall = ""] = /^(\w+)\(/.exec(line) ?? [];
    if (systemCall === "") continue;
    const nth = (counts.get(systemCall) ?? 0) + 1;
    counts.set(systemCall, nth);
    if (at >= from && at < to) faults.push({ systemCall, nth });
  }
  return faults;
}

/** All of them for a campaign, evenly spread ones for the ordinary tests. */
export function some(faults: Fault[], short: number): Fault[] {
  const size = Math.min(faults.length, campaignSize(short));
  return Array.from(
    { length: size },
    (_, i) => faults[Math.floor((i * faults.length) / size)] as Fault,
  );
}

export const inject = ({ systemCall, nth }: Fault) => [
  "-e",
  `inject=${systemCall}:signal=SIGKILL:when=${nth}`,
];
