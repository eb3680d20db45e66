import { resolve } from "node:path";
import { invalidOption, wholeNumber } from "../check-option.js";

/** Where tasks are kept, how many, and for how long. */
export interface TasksOptions {
  /** The folder of the database; made when it is not there. One gateway at a time has it. */
  dataDir: string;
  /** How many may wait. Default: 1,000. */
  maxQueued?: number;
  /** How many events one may have; it fails with the next. Default: 100,000. */
  maxEvents?: number;
  /** How large its question and events may be together; it fails with the next. Default: 64 MiB. */
  maxBytes?: number;
  /** How long those that have ended are kept, in ms. Default: 7 days. */
  keepMs?: number;
  /** How many of them. Default: 1,000. */
  keepCount?: number;
  /** How large they may be together. Default: 1 GiB. */
  keepBytes?: number;
}

export type ResolvedTasksOptions = Readonly<Required<TasksOptions>>;

/** @throws TrError `TR_INVALID_ARGUMENT`, naming the option. */
export function resolveTasksOptions(options: TasksOptions): ResolvedTasksOptions {
  if (typeof options.dataDir !== "string" || options.dataDir === "") {
    throw invalidOption("tasks.dataDir", "a folder", String(options.dataDir));
  }
  const defaults = {
    ...{ maxQueued: 1000, maxEvents: 100_000, maxBytes: 64 * 2 ** 20 },
    ...{ keepMs: 7 * 24 * 3_600_000, keepCount: 1000, keepBytes: 2 ** 30 },
  };
  const numbers = { ...defaults, ...options, dataDir: undefined };
  const checked = Object.entries(numbers).map(([name, value]) => {
    if (name === "dataDir") return [name, resolve(options.dataDir)];
    if (!(name in defaults)) throw invalidOption(`tasks.${name}`, "no such option", String(value));
    const least = name.startsWith("max") ? 1 : 0;
    return [name, wholeNumber(`tasks.${name}`, value as number, least)];
  });
  return Object.fromEntries(checked) as ResolvedTasksOptions;
}
