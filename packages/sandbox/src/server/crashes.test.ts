import { expect, it } from "vitest";
import { run, seed, soon, useBackEnds } from "../../test/back-ends.js";
import type { BackEnd } from "./back-end.js";

const here = useBackEnds();

/** What it is told, in order: losses, and the ends of calls by the names given to them. */
function watch(backEnd: BackEnd) {
  const told: string[] = [];
  backEnd.onLost((ids, reason) => told.push(`lost ${ids}: ${(reason as { code?: string }).code}`));
  return {
    told,
    note: (name: string, promise: Promise<unknown>) =>
      promise.then(
        () => told.push(`${name} ended`),
        (error: { code?: string }) => told.push(`${name}: ${error.code}`),
      ),
  };
}

it("tells of lost sessions before their calls fail, starts again and warms up again", async () => {
  const backEnd = await here.loaded();
  await backEnd.warmup();
  await backEnd.initialize(seed("s"));
  const { told, note } = watch(backEnd);
  const { pid } = backEnd.state;
  const nap = run(backEnd, "logged:nap", { seconds: 60 }, "s");
  const calls = [
    note("nap", nap.answer),
    note("code", nap.ended),
    note("initialize", backEnd.initialize(seed("t", { seconds: 60 }))),
    note("kill", run(backEnd, "logged:kill", {}, "s").answer),
  ];
  await Promise.all(calls);
  expect(told[0]).toBe("lost all: TR_WORKER_CRASHED");
  expect(told.toSorted()).toEqual([
    ...["code ended", "initialize: TR_WORKER_CRASHED", "kill: TR_WORKER_CRASHED"],
    ...["lost all: TR_WORKER_CRASHED", "nap: TR_WORKER_CRASHED"],
  ]);
  expect(backEnd.state).toMatchObject({ phase: "restarting", loaded: false, restarts: 1 });
  await backEnd.initialize(seed("u"));
  expect(backEnd.state).toMatchObject({ phase: "ready", warmedUp: true });
  expect(backEnd.state.pid).not.toBe(pid);
  expect(here.lines().filter((line) => !/^(nap|killed)/.test(line))).toEqual([
    ...["warmup", "initialize w-s", "warmup", "initialize w-u"],
  ]);
  expect((await run(backEnd, "logged:count", {}, "s").answer).code).toBe(4007);
});

it("does not warm up again what was not warm", async () => {
  const backEnd = await here.loaded();
  await backEnd.initialize(seed("s"));
  await expect(run(backEnd, "logged:kill", {}, "s").answer).rejects.toThrow();
  await backEnd.initialize(seed("t"));
  expect(here.lines()).toEqual(["initialize w-s", "killed", "initialize w-t"]);
});

it("counts a process that leaves by itself as a crash", async () => {
  const backEnd = await here.loaded();
  await backEnd.initialize(seed("s"));
  const { told } = watch(backEnd);
  await expect(run(backEnd, "logged:leave", {}, "s").answer).rejects.toMatchObject({
    code: "TR_WORKER_CRASHED",
  });
  await backEnd.initialize(seed("t"));
  await run(backEnd, "logged:leave_later", {}, "t").answer; // while nothing is called
  while (backEnd.state.phase !== "ready" || backEnd.state.restarts < 2) await soon();
  expect(told).toEqual(["lost all: TR_WORKER_CRASHED", "lost all: TR_WORKER_CRASHED"]);
});

it("is given up after five crashes within three minutes", async () => {
  const backEnd = await here.loaded();
  for (let crash = 1; crash <= 5; crash++) {
    await backEnd.initialize(seed(`s${crash}`));
    const { answer } = run(backEnd, "logged:kill", {}, `s${crash}`);
    await expect(answer).rejects.toMatchObject({ code: "TR_WORKER_CRASHED" });
  }
  expect(backEnd.state).toMatchObject({ phase: "failed", loaded: false, restarts: 4 });
  expect(backEnd.state.error).toContain("SIGKILL");
  const crashed = { code: "TR_WORKER_CRASHED" };
  await expect(backEnd.warmup()).rejects.toMatchObject(crashed);
  await expect(backEnd.initialize(seed("t"))).rejects.toMatchObject(crashed);
  await expect(run(backEnd, "logged:count", {}, "t").answer).rejects.toMatchObject(crashed);
  await backEnd.cleanup("s1"); // there is nothing to clean up
  const last = here.log.findLast(({ level }) => level === "error");
  expect(last).toMatchObject({ backend: "logged", message: expect.stringContaining("too often") });
});

it("harms no other back end", async () => {
  const options = here.options();
  const { logged } = options.resources ?? {};
  if (logged === undefined) throw new Error("none");
  const [first, second] = here.make({
    ...options,
    resources: { logged, together: { backendClass: "logged:Together" } },
  }).backEnds as [BackEnd, BackEnd];
  await Promise.all([first.load({}), second.load({})]);
  await first.initialize(seed("s"));
  await second.initialize(seed("s", {}, "together"));
  const nap = run(second, "together:nap", { seconds: 0.3 }, "s");
  await expect(run(first, "logged:kill", {}, "s").answer).rejects.toThrow();
  expect((await nap.answer).code).toBe(0);
  expect(second.state).toMatchObject({ phase: "ready", restarts: 0 });
});

it.each([
  [
    "no_module:Thing",
    /^resources\.logged\.backend_class: no_module:Thing: there is no module 'no_module' in /,
  ],
  ["logged:Missing", /^resources\.logged\.backend_class: logged:Missing: there is no Missing in /],
  ["logged:NoBackend", /NoBackend/],
  ["logged:Broken", /other:name/],
])(
  "says what is wrong with the class %s, and does not try again",
  async (backendClass, message) => {
    const [backEnd] = here.make(here.options({ backendClass })).backEnds as [BackEnd];
    await expect(backEnd.load({})).rejects.toThrow(message);
    expect(backEnd.state).toMatchObject({ phase: "failed", loaded: false, restarts: 0 });
    expect(backEnd.state.error).toMatch(message);
    await expect(backEnd.warmup()).rejects.toThrow(message);
  },
);

it("shows where in the class's own code its import failed, and nothing of ours", async () => {
  const [backEnd] = here.make(here.options({ backendClass: "raises:Thing" })).backEnds as [BackEnd];
  const error = await backEnd.load({}).catch((error) => error);
  expect(error.stack).toMatch(
    /^.*resources\.logged\.backend_class: .* raised ZeroDivisionError: division by zero\n/,
  );
  expect(error.stack).toMatch(/raises\.py:1/);
  expect(error.pythonTraceback).not.toMatch(/importlib|loading\.py/);
});

it("does not wait for an import for ever", async () => {
  const slow = here.options({ backendClass: "slow_import:Slow" });
  const [backEnd] = here.make({ ...slow, startTimeoutMs: 1000 }).backEnds as [BackEnd];
  await expect(backEnd.load({})).rejects.toMatchObject({
    ...{ code: "TR_START_TIMEOUT", message: expect.stringContaining("startTimeoutMs") },
  });
});

it("ends a load when the server's start is called off, and leaves no process", async () => {
  const slow = here.options({ backendClass: "slow_import:Slow" });
  const [backEnd] = here.make(slow).backEnds as [BackEnd];
  const stop = new AbortController();
  const load = backEnd.load({ signal: stop.signal });
  await soon();
  stop.abort(new Error("called off"));
  await expect(load).rejects.toThrow("called off");
  await backEnd.shutdown({ force: false });
});
