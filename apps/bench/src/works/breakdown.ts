import type { Stamped } from "../peer.js";
import { type Counters, countersOf, descendants } from "../processes.js";
import { type Sample, takeSample } from "../sample.js";
import { type Metric, needsProc, type Work } from "../work.js";

const figure = (key: string, title: string, unit = title): Metric => ({
  key,
  title,
  unit,
  better: "lower",
});

const metrics: readonly Metric[] = [
  figure("total", "whole call", "µs"),
  figure("send", "call()", "µs"),
  figure("there", "there", "µs"),
  figure("function", "function", "µs"),
  figure("back", "back", "µs"),
  ...["host", "worker"].flatMap((side) => [
    figure(`${side}Cpu`, `${side} cpu`, "µs"),
    figure(`${side}Waits`, "waits"),
    figure(`${side}Faults`, "faults"),
    figure(`${side}Transfers`, "r/w"),
  ]),
];

/**
 * Where the time of a session's call goes. Times: of the middle half of the calls, by length, the mean of
 * each part, so that the parts add up. Counts: of all calls, each one's share.
 *
 * - call(): what `session.call` does before it returns its promise, or until the function begins;
 * - there: until the Python function begins: the worker wakes up, reads, unpacks;
 * - back: from its end until the result is in the caller's hands.
 */
function breakdown(size: string, content: () => string | Float32Array, full: Sample): Work {
  return {
    name: `breakdown-${size.replace(" ", "")}`,
    title: `Where the time goes: ${size}`,
    metrics,
    warmsUp: true,
    takes: (kind) => kind.group === "session" && (size !== "text" || !kind.isForArrays),
    skips: () => needsProc(),
    async begin(seat) {
      const peer = await seat.peer();
      const pids = descendants(process.pid);
      const plain = content();
      const input = typeof plain === "string" ? plain : (peer.input?.(plain.length) ?? plain);
      if (typeof input !== "string" && input !== plain) input.set(plain as Float32Array);
      const sample = seat.quick ? { calls: Math.ceil(full.calls / 4), ms: 200 } : full;
      return {
        async round() {
          const calls: Stamped<string | Float32Array>[] = [];
          const before = [countersOf(process.pid), sumOf(pids)] as const;
          await takeSample(sample, async () => {
            if (peer.stamped === undefined) throw new Error(`${seat.kind.name} has no stamps`);
            const call = await peer.stamped(input);
            check(call.answer, input);
            if (typeof call.answer !== "string") peer.release?.(call.answer);
            calls.push({ ...call, answer: "" });
            return 0;
          });
          const after = [countersOf(process.pid), sumOf(pids)] as const;
          const counts = (["host", "worker"] as const).flatMap((side, at) => {
            const of = (key: keyof Counters) =>
              ((after[at]?.[key] ?? 0) - (before[at]?.[key] ?? 0)) / calls.length;
            return [
              [`${side}Cpu`, of("cpuUs")],
              [`${side}Waits`, of("waits")],
              [`${side}Faults`, of("faults")],
              [`${side}Transfers`, of("transfers")],
            ];
          });
          return { figures: { ...partsUs(calls), ...Object.fromEntries(counts) } };
        },
      };
    },
  };
}

/** Of the middle half of the calls. */
export function partsUs(calls: readonly Stamped<unknown>[]): Record<string, number> {
  const length = ({ startNs, endNs }: Stamped<unknown>) => endNs - startNs;
  const sorted = [...calls].sort((a, b) => length(a) - length(b));
  const cut = Math.floor(sorted.length / 4);
  const middle = sorted.slice(cut, sorted.length - cut);
  const mean = (part: (call: Stamped<unknown>) => number) =>
    middle.reduce((sum, call) => sum + part(call), 0) / middle.length / 1000;
  return {
    total: mean(length),
    send: mean((call) => sentNs(call) - call.startNs),
    there: mean((call) => call.enteredNs - sentNs(call)),
    function: mean(({ enteredNs, leftNs }) => leftNs - enteredNs),
    back: mean(({ leftNs, endNs }) => endNs - leftNs),
  };
}

/** A worker that is awake can begin before `call` has returned. */
const sentNs = ({ calledNs, enteredNs }: Stamped<unknown>): number => Math.min(calledNs, enteredNs);

function sumOf(pids: readonly number[]): Counters {
  const all = pids.map(countersOf);
  const sum = (key: keyof Counters) => all.reduce((total, counters) => total + counters[key], 0);
  return {
    cpuUs: sum("cpuUs"),
    waits: sum("waits"),
    faults: sum("faults"),
    transfers: sum("transfers"),
  };
}

function check(answer: string | Float32Array, input: string | Float32Array): void {
  const isRight =
    typeof input === "string" || typeof answer === "string"
      ? answer === input
      : answer.length === input.length && answer[0] === 2.25 && answer.at(-1) === 2.25;
  if (!isRight) throw new Error("a wrong answer");
}

const floats = (bytes: number) => () => new Float32Array(bytes / 4).fill(1.5);

export const breakdowns: readonly Work[] = [
  breakdown("text", () => "x".repeat(50), { calls: 4000, ms: 2000 }),
  breakdown("1 MiB", floats(2 ** 20), { calls: 100, ms: 2000 }),
  breakdown("64 MiB", floats(2 ** 26), { calls: 8, ms: 4000 }),
];
