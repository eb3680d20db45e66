import { isRecord, malformed } from "./malformed.js";
import { aCount, aString, readFields } from "./read-fields.js";

/** What a level 2 worker says about itself in `worker.json`. */
export interface WorkerInfo {
  protocol: 2;
  pid: number;
  /** For example `"3.11.7"`. */
  python: string;
  /** Name → version. */
  packages: Record<string, string>;
  commands: string[];
  /** How many requests it takes at once. Default 1. */
  concurrency: number;
  /** Whether it rings the host's `worker.bell` for each response, and lets the files that it passes on be written again. Default false. */
  bell: boolean;
}

const what = "worker.json";

/** @throws TrError TR_PROTOCOL */
export function parseWorkerInfo(content: Uint8Array | string): WorkerInfo {
  const { protocol, pid, python, packages, commands, concurrency, bell } = readFields(
    what,
    content,
  );
  if (protocol !== 2) throw malformed(what, "protocol", protocol, "2");
  if (!isRecord(packages)) throw malformed(what, "packages", packages, "an object");
  if (!Array.isArray(commands)) throw malformed(what, "commands", commands, "an array");
  if (bell !== undefined && typeof bell !== "boolean") {
    throw malformed(what, "bell", bell, "a boolean");
  }
  return {
    protocol,
    pid: aCount(what, "pid", pid, 1),
    python: aString(what, "python", python),
    packages: Object.fromEntries(
      Object.entries(packages).map(([name, version]) => [
        name,
        aString(what, `packages.${name}`, version),
      ]),
    ),
    commands: commands.map((name, index) => aString(what, `commands[${index}]`, name)),
    concurrency: concurrency === undefined ? 1 : aCount(what, "concurrency", concurrency, 1),
    bell: bell ?? false,
  };
}
