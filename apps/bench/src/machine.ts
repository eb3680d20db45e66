import { execFileSync } from "node:child_process";
import { cpus, loadavg, totalmem } from "node:os";
import { findPython } from "@tr/worker-py";
import { workerScript } from "./place.js";

export interface Machine {
  /** The interpreter that every worker runs on, itself and not what starts it. */
  readonly python: string;
  /** Says which binary packages it takes. */
  readonly tag: string;
  readonly facts: Readonly<Record<string, string | number>>;
}

/** Whether other work was there when the run began. */
export const isBusy = (facts: Machine["facts"]): boolean => Number(facts.loadBefore) > 0.5;

export const busyWarning =
  "This machine was busy with something else: whoever needs two processes to wake each other is hit harder by that than who does not, and ratios are not those of a quiet machine.";

const question = `
import json, platform, sys
import numpy
print(json.dumps([sys.executable, sys.implementation.cache_tag, platform.python_version(), numpy.__version__]))
`;

/** @throws Error when there is no Python with numpy. */
export function lookAtMachine(): Machine {
  const { file, args } = findPython({ script: workerScript("session_worker.py") });
  let answer: string;
  try {
    answer = execFileSync(file, [...args, "-c", question], { encoding: "utf8" });
  } catch (cause) {
    throw new Error(`${file} has no numpy: run npm test once, or set TR_PYTHON to one that has.`, {
      cause,
    });
  }
  const [python, tag, version, numpy] = JSON.parse(answer) as [string, string, string, string];
  const cores = cpus();
  const facts = {
    system: `${process.platform} ${process.arch}`,
    processor: cores[0]?.model.trim() ?? "unknown",
    cores: cores.length,
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    node: process.versions.node,
    python: version,
    numpy,
    loadBefore: Math.round((loadavg()[0] ?? 0) * 10) / 10, // 0 on Windows, which knows none
  };
  return { python, tag, facts };
}
