import type { Readable } from "node:stream";

/** How far this program's stderr may be behind before scripts wait in `print`. */
const maxBacklogBytes = 8 * 2 ** 20;

const waiting = new Set<Readable>();

function goOn(): void {
  process.stderr.off("drain", goOn).off("close", goOn);
  for (const pipe of waiting) pipe.resume();
  waiting.clear();
}

/**
 * Stops reading a worker's output while what was forwarded of it to this program's stderr waits there:
 * the pipe fills, and `print` waits. Whoever reads that stderr slowly so costs no memory without end.
 */
export function holdWhileBehind(pipe: Readable): void {
  if (process.stderr.writableLength <= maxBacklogBytes || pipe.readableEnded) return;
  pipe.pause();
  if (waiting.size === 0) process.stderr.on("drain", goOn).on("close", goOn); // one for all pipes
  waiting.add(pipe);
}

/** The worker has ended: what is still in its pipe is bounded, and is not to be lost. */
export function holdNoLonger(pipe: Readable): void {
  waiting.delete(pipe);
  pipe.resume();
}
