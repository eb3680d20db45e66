// A thread: looks again and again at the memory that processes share, and says how much it grew at most.
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";
import { mappedSharedMiB, namelessMiB } from "./processes.js";

const { directory, pids, stop } = workerData as {
  directory: string | undefined;
  pids: readonly number[];
  stop: Int32Array<SharedArrayBuffer>;
};

function filesMiB(): number {
  if (directory === undefined) return 0;
  let bytes = 0;
  for (const entry of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
    const stat = lstatSync(join(directory, entry), { throwIfNoEntry: false });
    // Not its length: a file that was only lengthened takes no memory yet.
    if (stat?.isFile()) bytes += stat.blocks * 512;
  }
  return bytes / 2 ** 20;
}

const sum = (amount: (pid: number) => number) => pids.reduce((all, pid) => all + amount(pid), 0);
const now = () => ({ once: filesMiB() + sum(namelessMiB), mapped: sum(mappedSharedMiB) });
// Its own first steps belong to nobody's peak.
for (let look = 0; look < 20; look++) now();
const before = now();
const grown = { once: 0, mapped: 0 };
parentPort?.postMessage("begun");
while (Atomics.wait(stop, 0, 0, 10) === "timed-out") {
  const { once, mapped } = now();
  grown.once = Math.max(grown.once, once - before.once);
  grown.mapped = Math.max(grown.mapped, mapped - before.mapped);
}
parentPort?.postMessage(grown);
