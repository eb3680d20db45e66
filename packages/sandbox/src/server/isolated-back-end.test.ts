import { join } from "node:path";
import { expect, it } from "vitest";
import { run, seed, soon, useBackEnds } from "../../test/back-ends.js";

const here = useBackEnds();
const isolation = "session";

it("gives each session a process of its own, and keeps one ready for the next", async () => {
  const backEnd = await here.loaded({ isolation });
  const spare = backEnd.state.pid;
  const pid = async (id: string) => (await run(backEnd, "logged:pid", {}, id).answer).data;
  await Promise.all(["a", "b", "c"].map((id) => backEnd.initialize(seed(id))));
  const pids = await Promise.all(["a", "b", "c"].map(pid));
  expect(new Set(pids).size).toBe(3);
  expect(pids).toContain(spare);
  expect(backEnd.state).toMatchObject({ loaded: true });
  while (backEnd.state.pid === undefined) await soon();
  expect(pids).not.toContain(backEnd.state.pid);
});

it("warms up the spare process, and from then on each of them once", async () => {
  const backEnd = await here.loaded({ isolation });
  expect(backEnd.state.warmedUp).toBe(false);
  await Promise.all(Array.from({ length: 20 }, () => backEnd.warmup()));
  expect(here.lines()).toEqual(["warmup"]);
  expect(backEnd.state.warmedUp).toBe(true);
  await backEnd.initialize(seed("a"));
  await here.written("warmup", 2); // of the next
  expect(backEnd.state.warmedUp).toBe(true);
  await backEnd.initialize(seed("b"));
  await here.written("warmup", 3);
  await Promise.all([backEnd.cleanup("a"), backEnd.cleanup("b")]);
  await backEnd.shutdown({ force: false });
  const lines = here.lines();
  const count = (word: string) => lines.filter((line) => line.startsWith(word)).length;
  expect([count("warmup"), count("cleanup"), count("shutdown")]).toEqual([3, 2, 3]);
});

it("ends the process of a session that is cleaned up: cleanup, then shutdown", async () => {
  const backEnd = await here.loaded({ isolation });
  await backEnd.initialize(seed("a"));
  const pid = (await run(backEnd, "logged:pid", {}, "a").answer).data as number;
  await backEnd.cleanup("a");
  await here.written("shutdown");
  expect(here.lines()).toEqual(["warmup", "initialize w-a", "cleanup w-a", "shutdown"]);
  while (isThere(pid)) await soon();
});

it("kills the process of a tool that cannot be stopped, which loses that session alone", async () => {
  const backEnd = await here.loaded({ isolation });
  const lost: unknown[] = [];
  backEnd.onLost((ids) => lost.push(ids));
  await Promise.all([backEnd.initialize(seed("a")), backEnd.initialize(seed("b"))]);
  const cancel = new AbortController();
  const path = join(here.home, "never");
  const { answer, ended } = run(backEnd, "logged:wait_for", { path }, "a", cancel.signal);
  await here.written("waits w-a");
  cancel.abort();
  await expect(answer).rejects.toMatchObject({ code: "TR_CANCELLED", stopped: "killed" });
  await ended;
  expect(lost).toEqual([["a"]]);
  expect((await run(backEnd, "logged:count", {}, "b").answer).data).toBe(1);
  await expect(run(backEnd, "logged:count", {}, "a").answer).rejects.toMatchObject({
    code: "TR_WORKER_CRASHED",
  });
  await backEnd.cleanup("a");
  expect(here.lines().filter((line) => line.startsWith("cleanup"))).toEqual([]);
  expect(backEnd.state.restarts).toBe(0);
});

it("stops an async tool without losing its session", async () => {
  const backEnd = await here.loaded({ isolation });
  await backEnd.initialize(seed("a"));
  const cancel = new AbortController();
  const { answer } = run(backEnd, "logged:nap", { seconds: 60 }, "a", cancel.signal);
  await here.written("nap w-a");
  cancel.abort();
  await expect(answer).rejects.toMatchObject({ stopped: "cancelled" });
  expect((await run(backEnd, "logged:count", {}, "a").answer).data).toBe(1);
});

it("loses one session with its process, without counting that against the back end", async () => {
  const backEnd = await here.loaded({ isolation });
  const lost: unknown[] = [];
  backEnd.onLost((ids) => lost.push(ids));
  for (const id of ["a", "b", "c", "d", "e", "f"]) {
    await backEnd.initialize(seed(id));
    await expect(run(backEnd, "logged:kill", {}, id).answer).rejects.toMatchObject({
      code: "TR_WORKER_CRASHED",
    });
  }
  expect(lost).toEqual([["a"], ["b"], ["c"], ["d"], ["e"], ["f"]]);
  await backEnd.initialize(seed("g"));
  expect(backEnd.state).toMatchObject({ loaded: true, restarts: 0 });
});

it("replaces a spare process that dies", async () => {
  const backEnd = await here.loaded({ isolation });
  await backEnd.warmup();
  const { pid } = backEnd.state;
  process.kill(pid as number, "SIGKILL");
  while (backEnd.state.pid === pid || backEnd.state.phase !== "ready") await soon();
  expect(backEnd.state).toMatchObject({ restarts: 1, warmedUp: true });
  expect(here.lines()).toEqual(["warmup", "warmup"]);
});

it("ends the process of a session that could not be initialized", async () => {
  const backEnd = await here.loaded({ isolation });
  const { pid } = backEnd.state;
  await expect(backEnd.initialize(seed("a", { fail: "initialize" }))).rejects.toMatchObject({
    code: "TR_PYTHON_ERROR",
  });
  while (isThere(pid as number)) await soon();
  expect(here.lines().filter((line) => line.startsWith("cleanup"))).toEqual([]);
  await backEnd.initialize(seed("a"));
});

it("makes ten sessions at once, and ends them all", async () => {
  const backEnd = await here.loaded({ isolation });
  await Promise.all(Array.from({ length: 10 }, (_, i) => backEnd.initialize(seed(`s${i}`))));
  const lines = here.lines().filter((line) => line.startsWith("initialize"));
  expect(new Set(lines).size).toBe(10);
  await backEnd.shutdown({ force: false });
});

it.each([0, 100])(
  "leaves no process when it is shut down %d ms into beginning many sessions",
  async (ms) => {
    const backEnd = await here.loaded({ isolation });
    const begun = Promise.allSettled(
      Array.from({ length: 6 }, (_, i) => backEnd.initialize(seed(`s${i}`))),
    );
    await new Promise((resolve) => setTimeout(resolve, ms));
    await backEnd.shutdown({ force: true });
    expect(here.directories()).toEqual([]);
    await begun;
  },
);

function isThere(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
