import { once } from "node:events";
import { readFileSync } from "node:fs";
import { describe, expect, it } from "vitest";
import { script, useSessions } from "../test/scripts.js";

const sessions = useSessions();
const pidOf = (session: { info?: { pid: number } | undefined }) => session.info?.pid ?? 0;

describe("health()", () => {
  it("tells the truth about a worker that is idle, busy, gone, and another one", async () => {
    const session = sessions.make();
    const gone = { status: "gone", alive: false, callsServed: 0 };
    expect(await session.health()).toEqual({ ...gone, generation: 0 });
    await session.start();
    await once(session, "heartbeat");
    const idle = await session.health();
    expect(idle).toMatchObject({
      status: "responsive",
      alive: true,
      callsServed: 0,
      generation: 1,
    });
    expect(idle).not.toHaveProperty("busySince");
    expect(idle.heartbeatAgeMs).toBeLessThan(1500);
    const before = Date.now();
    const call = session.call("sleep", [0.2]);
    const busy = await session.health();
    expect(busy.busySince).toBeGreaterThanOrEqual(before - 50); // another clock
    expect(busy.busySince).toBeLessThanOrEqual(Date.now() + 50);
    await call;
    await session.call("fail", ["x"]).catch(() => {});
    const after = await session.health();
    expect(after.callsServed).toBe(2);
    expect(after).not.toHaveProperty("busySince");
    await session.terminate();
    expect(await session.health()).toEqual({ ...gone, generation: 1 });
    await session.start();
    expect(await session.health()).toMatchObject({ callsServed: 0, generation: 2 });
    const aborted = session.health({ signal: AbortSignal.abort() });
    await expect(aborted).rejects.toMatchObject({ code: "TR_CANCELLED" });
  });

  it.runIf(process.platform === "linux")("knows the worker's memory", async () => {
    const session = await sessions.started();
    await session.call("echo", [1]);
    await once(session, "heartbeat");
    const { rssBytes = 0 } = await session.health();
    const real = await session.call<number>("resident_bytes");
    expect(rssBytes).toBeGreaterThan(real / 2);
    expect(rssBytes).toBeLessThan(real * 2);
  });

  it("says of a worker of the older level what can be known", async () => {
    const session = await sessions.started({ script: script("level_one.py") });
    await session.call("say", ["x"]);
    const { status, callsServed, ...rest } = await session.health();
    expect({ status, callsServed }).toEqual({ status: "responsive", callsServed: 1 });
    expect(rest).toEqual({ alive: true, generation: 1 });
  });
});

describe.runIf(process.platform !== "win32")("a worker that is stopped (SIGSTOP)", () => {
  it("is unresponsive within three heartbeats, told once, and responsive when it goes on", async () => {
    const session = await sessions.started();
    let told = 0;
    session.on("unresponsive", () => told++);
    await once(session, "heartbeat");
    process.kill(pidOf(session), "SIGSTOP");
    const stopped = performance.now();
    const call = session.call("echo", [1]);
    const [{ sinceMs }] = await once(session, "unresponsive");
    const elapsed = performance.now() - stopped;
    console.log(`unresponsive ${elapsed.toFixed(0)} ms after SIGSTOP`);
    expect(elapsed).toBeLessThan(3500); // three periods, and what a busy machine takes
    expect(sinceMs).toBeGreaterThanOrEqual(3000);
    expect(await session.health()).toMatchObject({ status: "unresponsive", alive: true });
    expect(session.isAlive()).toBe(true);
    await new Promise((resolve) => setTimeout(resolve, 1500));
    expect(told).toBe(1);
    process.kill(pidOf(session), "SIGCONT");
    expect(await call).toBe(1);
    await once(session, "heartbeat");
    expect(await session.health()).toMatchObject({ status: "responsive" });
  }, 20_000);

  it("is killed if the options say so, which is a crash that says why", async () => {
    const session = await sessions.started({ unresponsive: "kill" });
    const call = session.call("sleep", [30]);
    await new Promise((resolve) => setTimeout(resolve, 200));
    process.kill(pidOf(session), "SIGSTOP");
    await expect(call).rejects.toMatchObject({
      ...{ code: "TR_WORKER_CRASHED", signal: "SIGKILL" },
      message: expect.stringMatching(/no sign of life for 3\d\d\d ms \(option unresponsive\)/),
    });
    expect(session.state.status).toBe("crashed");
  }, 20_000);
});

it("a heartbeat goes on during a long call, and says which", async () => {
  const session = await sessions.started();
  const call = session.call("sleep", [2.2]);
  const beats: { requestId: string | undefined; phase: string }[] = [];
  session.on("heartbeat", (beat) => beats.push(beat));
  await call;
  expect(beats.filter(({ phase }) => phase === "busy").map(({ requestId }) => requestId)).toContain(
    "1",
  );
});

it("one heartbeat after the other is told while somebody listens", async () => {
  const session = await sessions.started();
  const seqs: number[] = [];
  await new Promise<void>((resolve) => {
    session.on("heartbeat", ({ seq }) => {
      if (seqs.push(seq) === 4) resolve();
    });
  });
  // One may be missed where the machine is busy; looked for as while nobody listens, every other one is.
  expect(seqs.slice(1).map((seq, index) => seq - (seqs[index] ?? 0))).toContain(1);
}, 20_000);

it("a program that is busy itself does not take its worker for unresponsive", async () => {
  const session = await sessions.started();
  let told = 0;
  session.on("unresponsive", () => told++);
  await once(session, "heartbeat");
  const end = performance.now() + 4000;
  while (performance.now() < end);
  await once(session, "heartbeat");
  expect(told).toBe(0);
}, 20_000);

it.runIf(process.platform === "linux")(
  "an idle session takes next to no processor time on either side",
  async () => {
    const session = await sessions.started();
    await session.call("echo", [1]);
    const ticksOf = (pid: number) => {
      const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
      return (Number(fields[11]) + Number(fields[12])) * 10; // ms: 100 ticks a second
    };
    await new Promise((resolve) => setTimeout(resolve, 1000));
    const worker = ticksOf(pidOf(session));
    const host = process.cpuUsage();
    await new Promise((resolve) => setTimeout(resolve, 5000));
    const { user, system } = process.cpuUsage(host);
    const used = { hostMs: (user + system) / 1000, workerMs: ticksOf(pidOf(session)) - worker };
    console.log(`idle for 5 s: ${JSON.stringify(used)}`);
    expect(used.workerMs).toBeLessThanOrEqual(20);
    expect(used.hostMs).toBeLessThanOrEqual(100); // the test runner's own timers are in it
  },
  20_000,
);
