import { type BigIntStats, closeSync, fstatSync, openSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { FileChannel } from "@tr/file-channel";
import { negotiateLevel, parseStatus, parseWorkerInfo, type WorkerInfo } from "@tr/protocol";
import { TrError } from "@tr/protocol/errors";

/** What a worker is, as far as its protocol level lets it say. */
export type WorkerFacts =
  | { readonly level: 2; readonly workerInfo: WorkerInfo }
  | { readonly level: 1 };

/** A worker of the oldest dialect may wait for the host's `ready`, which its own host writes that long after the launch. */
const sayReadyAfterMs = 1000;

/**
 * How to look for a starting worker's first word: gives what the worker is once it has said so. From
 * one second on it writes `ready` for a worker that has said nothing, which takes nothing from one
 * that only is slow: that `ready` never counts as the worker's own, and a worker of level 2 still says
 * what it is before it says anything else.
 *
 * @throws (the function made) TrError `TR_PROTOCOL` for a broken file, `TR_START_FAILED` when `ready` cannot be written.
 */
export function lookForWorker(channel: FileChannel): () => WorkerFacts | undefined {
  const path = join(channel.directory, "status.txt");
  const launchedMs = performance.now();
  let ours: BigIntStats | undefined;
  return () => {
    // The status first: worker.json is written before the status says ready.
    const content = channel.readSync("status.txt", { maxBytes: 1 << 16 });
    if (content === undefined) {
      const isLate = performance.now() - launchedMs >= sayReadyAfterMs;
      if (isLate && !channel.exists("worker.json")) ours = sayReady(path);
      return undefined;
    }
    const status = parseStatus(content);
    if (status.word === "ready" && ours !== undefined && isSameWriting(path, ours)) {
      return undefined;
    }
    const info = channel.readSync("worker.json", { maxBytes: 1 << 20 });
    return negotiateLevel({
      status,
      workerInfo: info && parseWorkerInfo(info),
    });
  };
}

/** Creates the file and never replaces one, as that would be the worker's first word. `undefined`: it has just come. */
function sayReady(path: string): BigIntStats | undefined {
  try {
    const file = openSync(path, "wx", 0o600);
    try {
      writeSync(file, "ready");
      return fstatSync(file, { bigint: true });
    } finally {
      closeSync(file);
    }
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === "EEXIST") return undefined;
    throw new TrError("TR_START_FAILED", `status.txt cannot be written: ${cause}`, {
      cause,
      stderrTail: "",
    });
  }
}

/** A worker that replaces the file makes another one, a worker that writes into it changes its time. */
function isSameWriting(path: string, ours: BigIntStats): boolean {
  const now = statSync(path, { bigint: true, throwIfNoEntry: false });
  return now?.ino === ours.ino && now.mtimeNs === ours.mtimeNs;
}
