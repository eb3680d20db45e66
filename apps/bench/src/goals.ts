/** What is to be reached. docs/performance.md shows them with the figures of the last full run. */
export interface Goal {
  readonly title: string;
  /** Names of works, rows and metrics as in the JSON. */
  readonly work: string;
  readonly row: string;
  readonly metric: string;
  /** What the figure is divided by: the best of the peers (ours and references are none), or a row. Not there: the figure itself is held against the limit. */
  readonly against?: "best-peer" | { readonly row: string };
  /** The most it may be; with `least`, the least. */
  readonly limit: number;
  readonly least?: true;
  /** Of a figure that is not divided. */
  readonly unit?: string;
}

const best = { against: "best-peer" } as const;
const text = { work: "text", metric: "p50" };
const kib4 = { work: "4KiB", metric: "p50" };
const mib1 = { work: "1MiB", metric: "p50" };
const mib64 = { work: "64MiB", metric: "p50" };
const sequence = { work: "200x1MiB", metric: "mean" };
const gain = { work: "8-sessions", metric: "gain", least: true, unit: "×" } as const;
const idle = { work: "idle", metric: "sum", unit: "% of a core" };
const chat = { work: "chat", row: "gateway", against: { row: "fastapi" }, limit: 1 };
const execute = {
  ...{ work: "execute", row: "sandbox", against: { row: "fastapi-endpoint" }, limit: 1 },
};
const codec = { work: "codec", metric: "p50" };
const copy = { against: { row: "copy-warm" } };

export const goals: readonly Goal[] = [
  { title: "text, mapped", ...text, row: "session-mapped", ...best, limit: 0.25 },
  {
    title: "text, mapped: p99",
    ...text,
    metric: "p99",
    row: "session-mapped",
    ...best,
    limit: 0.3,
  },
  { title: "text, no native code", ...text, row: "session-memory", ...best, limit: 0.5 },
  {
    title: "text, files, beside zeromq",
    ...text,
    row: "session-file",
    against: { row: "zeromq" },
    limit: 1,
  },
  {
    title: "text, files, beside pythonia",
    ...text,
    row: "session-file",
    against: { row: "pythonia" },
    limit: 1.3,
  },
  {
    title: "text, files: a hundredth of the 15 ms of the older system",
    ...text,
    row: "session-file",
    limit: 150,
    unit: "µs",
  },
  {
    title: "timer of 1 ms under calls, mapped: p99.9",
    work: "timer",
    metric: "p999",
    row: "session-mapped",
    limit: 5,
    unit: "ms",
  },
  { title: "4 KiB, mapped", ...kib4, row: "session-mapped", ...best, limit: 0.25 },
  { title: "1 MiB, mapped, ordinary arrays", ...mib1, row: "session-mapped", ...best, limit: 0.35 },
  {
    title: "1 MiB, mapped tensors, beside numpy",
    ...mib1,
    row: "session-tensors",
    against: { row: "numpy" },
    limit: 1.5,
  },
  {
    title: "64 MiB, mapped, ordinary arrays",
    ...mib64,
    row: "session-mapped",
    ...best,
    limit: 0.3,
  },
  {
    title: "64 MiB, mapped tensors, beside numpy with out=",
    ...mib64,
    row: "session-tensors",
    against: { row: "numpy-out" },
    limit: 1.2,
  },
  { title: "64 MiB, files", ...mib64, row: "session-file", ...best, limit: 0.6 },
  {
    title: "200 × 1 MiB, mapped, ordinary arrays",
    ...sequence,
    row: "session-mapped",
    ...best,
    limit: 0.4,
  },
  {
    title: "200 × 1 MiB, mapped tensors",
    ...sequence,
    row: "session-tensors",
    ...best,
    limit: 0.1,
  },
  {
    title: "peak memory at 64 MiB, files",
    work: "memory",
    metric: "all",
    row: "session-file",
    ...best,
    limit: 1,
  },
  {
    title: "peak memory at 64 MiB, mapped",
    work: "memory",
    metric: "all",
    row: "session-mapped",
    ...best,
    limit: 1,
  },
  {
    title: "peak memory at 64 MiB, mapped tensors: nothing beside the shared pages",
    work: "memory",
    metric: "private",
    row: "session-tensors",
    limit: 8,
    unit: "MiB",
  },
  {
    title: "start to first reply, files",
    work: "start",
    metric: "ms",
    row: "session-file",
    ...best,
    limit: 1.05,
  },
  {
    title: "start to first reply, mapped",
    work: "start",
    metric: "ms",
    row: "session-mapped",
    ...best,
    limit: 1.05,
  },
  { title: "idle, files", ...idle, row: "session-file", limit: 0.1 },
  { title: "idle, mapped", ...idle, row: "session-mapped", limit: 0.1 },
  {
    title: "8 sessions beside one, files (they do not spin)",
    ...gain,
    row: "session-file",
    limit: 1.5,
  },
  {
    title: "8 sessions beside one, no native code (they spin)",
    ...gain,
    row: "session-memory",
    limit: 1,
  },
  { title: "8 sessions beside one, mapped (they spin)", ...gain, row: "session-mapped", limit: 1 },
  { title: "POST /chat beside FastAPI", ...chat, metric: "p50" },
  { title: "POST /chat beside FastAPI: p99", ...chat, metric: "p99" },
  { title: "three POST /chat at once beside FastAPI", ...chat, metric: "p50of3" },
  { title: "three POST /chat at once beside FastAPI: p99", ...chat, metric: "p99of3" },
  { title: "a tool's execute beside FastAPI", ...execute, metric: "p50" },
  { title: "a tool's execute beside FastAPI: p99", ...execute, metric: "p99" },
  { title: "TSR encodeInto beside a copy", ...codec, row: "tsr-encode-into", ...copy, limit: 1.3 },
  { title: "TSR decodeInto beside a copy", ...codec, row: "tsr-decode-into", ...copy, limit: 1.3 },
  {
    title: "TSR encode beside allocate-and-copy",
    ...codec,
    row: "tsr-encode",
    against: { row: "copy-new" },
    limit: 1.3,
  },
  {
    title: "TSR view of 64 MiB beside one of 4 KiB",
    ...codec,
    row: "tsr-view",
    against: { row: "tsr-view-small" },
    limit: 1.5,
  },
];
