// The process of one lane: one peer at one work. It does a round whenever it is told to.
import { kinds } from "./kinds.js";
import type { LaneData, LaneReport } from "./lane.js";
import { placeOf } from "./place.js";
import { works } from "./works.js";

function tell(report: LaneReport): Promise<void> {
  return new Promise((resolve) => {
    process.send?.(report, () => resolve());
  });
}

async function fail(error: unknown): Promise<never> {
  await tell({ type: "failed", reason: error instanceof Error ? error.message : String(error) });
  process.exit(1);
}

process.on("uncaughtException", fail);
process.on("unhandledRejection", fail);
let hasEnded = false;
process.on("disconnect", () => {
  if (!hasEnded) process.exit(1); // the bench is gone
});

const data = JSON.parse(process.argv[2] ?? "") as LaneData;
const work = works.find(({ name }) => name === data.work);
const kind = kinds.find(({ name }) => name === data.kind);
if (work === undefined || kind === undefined) throw new Error(`no such lane: ${process.argv[2]}`);
const running = await work.begin(kind, placeOf(data.place), data.quick);

process.on("message", async (order: "round" | "end") => {
  if (order === "round") await tell({ type: "round", round: await running.round() });
  else {
    await running.end();
    hasEnded = true;
    await tell({ type: "ended" });
    process.disconnect();
  }
});
await tell({ type: "ready" });
