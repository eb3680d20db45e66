import type { DashboardState } from "../dashboard/state-schema.js";
import { element, setText } from "./element.js";
import { clock, counted, duration } from "./format.js";
import { KeyedTable } from "./keyed-table.js";
import { Plot } from "./plot.js";

const latency = new Plot(element("latency", HTMLElement), "s", [
  { label: "mean", colour: "--accent", hasPoints: true },
  { label: "longest", colour: "--warm", dash: [4, 4] },
]);
const throughput = new Plot(element("throughput", HTMLElement), "/s", [
  { label: "ended", colour: "--accent" },
  { label: "failed", colour: "--bad", dash: [4, 4] },
]);
const latencyText = element("latency-text", HTMLElement);
const throughputText = element("throughput-text", HTMLElement);
const table = new KeyedTable(element("history", HTMLTableElement));

/** The plots, the same in a sentence, and in a table. */
export function showHistory({ seconds_per_point, points }: DashboardState["history"]): void {
  const times = points.map(({ time }) => time);
  // The last step is not over.
  const perSecond = (count: number, place: number) =>
    place === points.length - 1 ? null : count / seconds_per_point;
  latency.show(times, [
    points.map(({ mean_seconds }) => mean_seconds ?? null),
    points.map(({ longest_seconds }) => longest_seconds ?? null),
  ]);
  throughput.show(times, [
    points.map(({ ended }, place) => perSecond(ended, place)),
    points.map(({ failed }, place) => perSecond(failed, place)),
  ]);
  const some = points.filter(({ ended }) => ended > 0);
  const ended = sum(some.map((point) => point.ended));
  const mean = sum(some.map((point) => point.ended * (point.mean_seconds ?? 0))) / ended;
  const longest = Math.max(...some.map((point) => point.longest_seconds ?? 0));
  const failed = sum(some.map((point) => point.failed));
  const sessions = counted(ended, "session");
  setText(
    latencyText,
    ended === 0
      ? "no session has ended"
      : `mean ${duration(mean)} (line), longest ${duration(longest)} (dashes)`,
  );
  setText(throughputText, `${sessions} ended (line), ${failed} failed (dashes)`);
  table.show(
    some.reverse().map((point) => ({
      key: String(point.time),
      cells: [
        { text: clock(point.time) },
        { text: String(point.ended), isNumber: true },
        { text: String(point.failed), isNumber: true },
        { text: duration(point.mean_seconds), isNumber: true },
        { text: duration(point.longest_seconds), isNumber: true },
      ],
    })),
  );
}

function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
