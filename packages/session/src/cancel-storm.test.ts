import { readdirSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { TrError } from "@tr/protocol/errors";
import { full, type Tensor } from "@tr/tsr-codec";
import { expect, it } from "vitest";
import { campaignSize, randomNumbers, seed } from "../test/campaign.js";
import { script, until, useSessions } from "../test/scripts.js";
import type { PythonSession, StreamOptions } from "./python-session.js";

const sessions = useSessions();
const atOnce = 6;

type Random = () => number;
/** How a call ended for its caller; `left`: a stream that its consumer left. */
type End = "answered" | "left" | "cancelled" | "unsent";

interface Call {
  readonly number: number;
  readonly seconds: number;
  readonly options: StreamOptions;
  readonly random: Random;
}

/** @throws when the answer is not its own */
type Kind = (session: PythonSession, call: Call) => Promise<End>;

const simple =
  (command: string): Kind =>
  async (session, { number, seconds, options }) => {
    expect(await session.call(command, [number, seconds], options)).toBe(number);
    return "answered";
  };

const withTensor: Kind = async (session, { number, seconds, options }) => {
  const x = full([500], number);
  const result = await session.call<{ number: number; x: Tensor }>(
    "square",
    [number, seconds, x],
    options,
  );
  expect([result.number, result.x.data[499]]).toEqual([number, Math.fround(number ** 2)]);
  return "answered";
};

const streaming =
  (command: string): Kind =>
  async (session, { number, seconds, options, random }) => {
    const count = 1 + Math.floor(random() * 8);
    const leaveAt = random() < 0.3 ? Math.floor(random() * count) : -1;
    const items = session.stream<[number, number, Tensor?]>(
      command,
      [number, seconds, count],
      options,
    );
    let next = 0;
    for await (const [from, index, x] of items) {
      expect([from, index]).toEqual([number, next]);
      if (x !== undefined) expect(x.data[999]).toBe(number);
      if (next++ === leaveAt) return "left";
      if (random() < 0.2) await pause(1);
    }
    expect(next).toBe(count);
    return "answered";
  };

const kinds: Kind[] = [
  ...["plain", "busy", "coroutine"].map(simple),
  withTensor,
  ...["items", "items_async", "arrays"].map(streaming),
];

/** One call that is aborted or runs out of time at a random moment, or is let be. */
async function run(session: PythonSession, number: number, random: Random): Promise<End> {
  const kind = kinds[Math.floor(random() * kinds.length)] as Kind;
  const how = random();
  const control = new AbortController();
  const options: StreamOptions = {
    ...(how < 0.6 && { signal: control.signal }),
    ...(how >= 0.6 && how < 0.85 && { timeoutMs: 1 + random() * 8 }),
  };
  const call = kind(session, { number, seconds: random() * 0.004, options, random });
  if (how < 0.6) void abortAfter(random() ** 2 * 60, control);
  try {
    return await call;
  } catch (error) {
    const isOurs = how < 0.6 ? "TR_CANCELLED" : "TR_CALL_TIMEOUT";
    if (how >= 0.85 || !TrError.is(error, isOurs) || error.stopped === "killed") throw error;
    return error.stopped as End;
  }
}

async function abortAfter(ms: number, control: AbortController): Promise<void> {
  const end = performance.now() + ms;
  if (ms > 3) await pause(ms - 2);
  while (performance.now() < end) await new Promise(setImmediate); // finer than a timer's ms
  control.abort();
}

/** What the worker may say of a call that ended like that for its caller: see storm.py. Whatever began was cleaned up. */
const possible: Record<End, readonly (number | undefined)[]> = {
  answered: [1011],
  left: [1011, 1010],
  cancelled: [undefined, 0, 10, 1010, 1011],
  unsent: [undefined],
};

it("calls that are given up at random moments: each has its own answer or was stopped, and nothing is left", async () => {
  const random = randomNumbers(seed);
  const session = await sessions.started({ script: script("storm.py") });
  const pid = session.info?.pid;
  await session.call("plain", [-1, 0]);
  const total = campaignSize(500);
  const ends = new Map<number, End>();
  let next = 0;
  const started = performance.now();
  const caller = async () => {
    while (next < total) {
      const number = next++;
      ends.set(number, await run(session, number, random));
    }
  };
  await Promise.all(Array.from({ length: atOnce }, caller));
  const seconds = (performance.now() - started) / 1000;
  await until(() => session.isReady());

  const said = await session.call<Record<string, number>>("ends");
  const wrong = [...ends].filter(([number, end]) => !possible[end].includes(said[number]));
  const counts = { answered: 0, left: 0, cancelled: 0, unsent: 0 };
  for (const end of ends.values()) counts[end]++;
  console.log(`${total} calls in ${seconds.toFixed(0)} s: ${JSON.stringify(counts)}`);
  expect(wrong.map(([number, end]) => [number, end, said[number]])).toEqual([]);
  expect(ends.size).toBe(total);
  expect(session.info).toMatchObject({ pid, generation: 1 });
  const own = "credit.json heartbeat.json host.json status.txt worker.bell worker.json".split(" ");
  const isOwn = (name: string) =>
    own.includes(name) || /^control\.block$|\.segment$|^spare\..*\.tmp$/.test(name);
  const files = () => readdirSync(session.sessionDir ?? "").filter((name) => !isOwn(name));
  await until(() => files().length === 0).catch(() => expect(files()).toEqual([]));
}, 3_600_000);
