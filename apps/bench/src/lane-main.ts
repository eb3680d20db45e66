// The process of one lane: one peer, at one work after another. It does a round whenever it is told to.
import { kinds } from "./kinds.js";
import type { LaneData, LaneOrder, LaneReport } from "./lane.js";
import type { Peer } from "./peer.js";
import { placeOf } from "./place.js";
import type { Running, Seat } from "./work.js";
import { startPeer } from "./works/open-peer.js";
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
let hasClosed = false;
process.on("disconnect", () => {
  if (!hasClosed) process.exit(1); // the bench is gone
});

function named<T extends { name: string }>(all: readonly T[], wanted: string): T {
  const found = all.find(({ name }) => name === wanted);
  if (found === undefined) throw new Error(`a lane knows no ${wanted}`);
  return found;
}

const data = JSON.parse(process.argv[2] ?? "") as LaneData;
const kind = named(kinds, data.kind);
let peer: Promise<Peer> | undefined;
let running: Running | undefined;
const seat: Seat = {
  kind,
  place: placeOf(data.place),
  quick: data.quick,
  peer() {
    peer ??= startPeer(kind, seat.place);
    return peer;
  },
};

async function follow(order: LaneOrder): Promise<LaneReport> {
  if (order.type === "begin") {
    running = await named(works, order.work).begin(seat);
    return { type: "begun" };
  }
  if (order.type === "close") {
    await (await peer)?.stop();
    hasClosed = true;
    return { type: "closed" };
  }
  if (running === undefined) throw new Error(`no work has begun: ${order.type}`);
  if (order.type === "round") return { type: "round", round: await running.round() };
  await running.end?.();
  running = undefined;
  return { type: "ended" };
}

process.on("message", async (order: LaneOrder) => {
  await tell(await follow(order));
  if (hasClosed) process.disconnect();
});
