// A thread: adds up the sizes of a directory's files every millisecond and says the largest sum.
import { lstatSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { parentPort, workerData } from "node:worker_threads";

const { directory, stop } = workerData as {
  directory: string;
  stop: Int32Array<SharedArrayBuffer>;
};

function size(): number {
  let bytes = 0;
  for (const entry of readdirSync(directory, { recursive: true, encoding: "utf8" })) {
    const stat = lstatSync(join(directory, entry), { throwIfNoEntry: false });
    // Not its length: a file that was only lengthened takes no memory yet.
    if (stat?.isFile()) bytes += stat.blocks * 512;
  }
  return bytes;
}

parentPort?.postMessage("begun");
let peak = 0;
while (Atomics.wait(stop, 0, 0, 1) === "timed-out") peak = Math.max(peak, size());
parentPort?.postMessage(peak);
