import { parseWith } from "./parse-with.js";
import { workerInfoSchema } from "./schemas.js";

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
}

/** @throws TrError TR_PROTOCOL */
export function parseWorkerInfo(content: Uint8Array | string): WorkerInfo {
  return parseWith("worker.json", workerInfoSchema, content);
}
