import { join } from "node:path";
import { expect, it } from "vitest";
import { run, seed, soon, touch, useBackEnds } from "../../test/back-ends.js";

const here = useBackEnds();

it("knows its tools when it is loaded, and has not warmed up", async () => {
  const backEnd = await here.loaded();
  expect(backEnd.state).toMatchObject({
    phase: "ready",
    loaded: true,
    warmedUp: false,
    restarts: 0,
  });
  const names = backEnd.tools.map((tool) => tool.full_name);
  expect(names).toContain("logged:echo");
  expect(backEnd.tools.find(({ name }) => name === "wait_for")).toMatchObject({
    ...{ full_name: "logged:wait_for", resource_type: "logged", stateless: false },
    ...{ description: "Cannot be stopped; returns when the file is there.", is_async: false },
  });
  expect(here.lines()).toEqual([]);
});

it("warms up once for a hundred callers at once", async () => {
  const backEnd = await here.loaded();
  await Promise.all(Array.from({ length: 100 }, () => backEnd.warmup()));
  expect(backEnd.state.warmedUp).toBe(true);
  await backEnd.warmup();
  expect(here.lines()).toEqual(["warmup"]);
});

it("tries a failed warm-up again at the next call", async () => {
  const backEnd = await here.loaded({ config: { fail: "warmup once" } });
  const first = await Promise.allSettled([backEnd.warmup(), backEnd.warmup()]);
  for (const { status } of first) expect(status).toBe("rejected");
  expect(backEnd.state).toMatchObject({ phase: "ready", warmedUp: false });
  expect(backEnd.state.error).toContain("warmup fails");
  await backEnd.warmup();
  expect(backEnd.state).toMatchObject({ warmedUp: true });
  expect(backEnd.state.error).toBeUndefined();
  expect(here.lines()).toEqual(["warmup fails", "warmup"]);
});

it("keeps what a session has between its calls, apart from others", async () => {
  const backEnd = await here.loaded({ config: { a: 1, deep: { x: 1, y: 1 } } });
  await Promise.all([
    backEnd.initialize(seed("s1", { deep: { y: 2 } })),
    backEnd.initialize(seed("s2")),
  ]);
  const count = async (id: string) => (await run(backEnd, "logged:count", {}, id).answer).data;
  expect([await count("s1"), await count("s1"), await count("s2")]).toEqual([1, 2, 1]);
  const config = await run(backEnd, "logged:config", {}, "s1").answer;
  expect(config.data).toMatchObject({ a: 1, deep: { x: 1, y: 2 } });
  await backEnd.cleanup("s1");
  expect(here.lines().slice(2)).toEqual(["cleanup w-s1"]);
});

it("gives a tool's own answer, an error of its own, and one with a traceback", async () => {
  const backEnd = await here.loaded();
  await backEnd.initialize(seed("s"));
  const value = { text: "ü", list: [1, 2.5, null, true], nested: { $x: 1 } };
  expect(await run(backEnd, "logged:echo", { value }, "s").answer).toEqual({
    ...{ code: 0, message: "success", data: value, meta: {} },
  });
  expect(await run(backEnd, "logged:refuse", {}, "s").answer).toMatchObject({
    ...{ code: 4321, message: "no", data: { why: "because" } },
  });
  const failed = await run(backEnd, "logged:fail", { word: "oh" }, "s").answer;
  expect(failed).toMatchObject({ code: 5005, data: { error: "oh", type: "ValueError" } });
  expect((failed.data as { traceback: string }).traceback).toContain("logged.py");
  expect((await run(backEnd, "logged:echo", {}, "s").answer).code).toBe(4003);
  expect((await run(backEnd, "logged:nap", { seconds: "x" }, "s").answer).code).toBe(4004);
});

it("fails to initialize with what Python raised, and has no such session then", async () => {
  const backEnd = await here.loaded();
  await expect(backEnd.initialize(seed("s", { fail: "initialize" }))).rejects.toMatchObject({
    ...{ code: "TR_PYTHON_ERROR", pythonMessage: "initialize fails" },
  });
  expect((await run(backEnd, "logged:count", {}, "s").answer).code).toBe(4007);
  await backEnd.cleanup("s");
  expect(here.lines()).toEqual([]);
});

it("stops an async tool", async () => {
  const backEnd = await here.loaded();
  await backEnd.initialize(seed("s"));
  const cancel = new AbortController();
  const { answer, ended } = run(backEnd, "logged:nap", { seconds: 60 }, "s", cancel.signal);
  await here.written("nap w-s");
  cancel.abort();
  await expect(answer).rejects.toMatchObject({ code: "TR_CANCELLED", stopped: "cancelled" });
  await ended;
  expect(here.lines()).toEqual(["initialize w-s", "nap w-s", "woken w-s"]);
  expect((await run(backEnd, "logged:count", {}, "s").answer).data).toBe(1);
});

it("tells when a tool that cannot be stopped has returned, and serves others meanwhile", async () => {
  const backEnd = await here.loaded();
  await backEnd.initialize(seed("s"));
  const cancel = new AbortController();
  const path = join(here.home, "go");
  const { answer, ended } = run(backEnd, "logged:wait_for", { path }, "s", cancel.signal);
  let hasEnded = false;
  void ended.then(() => {
    hasEnded = true;
  });
  await here.written("waits w-s");
  cancel.abort();
  for (let i = 0; i < 10; i++) await run(backEnd, "logged:count", {}, "s").answer;
  await soon();
  expect(hasEnded).toBe(false);
  touch(path);
  await ended;
  expect(here.lines().at(-1)).toBe("returns w-s");
  await expect(answer).rejects.toMatchObject({ code: "TR_CANCELLED" });
});

it("runs a hundred naps at once, async and on threads", async () => {
  const backEnds = here.make({
    ...here.options(),
    resources: { together: { backendClass: "logged.Together" } },
  }).backEnds;
  const together = backEnds[0];
  if (together === undefined) throw new Error("none");
  await together.load({});
  await together.initialize(seed("s", {}, "together"));
  for (const tool of ["together:nap", "together:sleep"]) {
    const naps = Array.from({ length: 100 }, () => run(together, tool, { seconds: 0.5 }, "s"));
    for (const { answer } of naps) expect((await answer).code).toBe(0);
    expect((await run(together, "together:count", {}, "s").answer).data).toBe(100);
  }
});

it("puts what the script prints into the log, with its name", async () => {
  const backEnd = await here.loaded();
  await backEnd.initialize(seed("s"));
  await run(backEnd, "logged:print", { line: "hello you" }, "s").answer;
  const said = () => here.log.filter(({ message }) => message === "hello you");
  while (said().length < 2) await soon();
  expect(said()).toEqual(
    expect.arrayContaining([
      expect.objectContaining({ level: "info", backend: "logged", stream: "stdout" }),
      expect.objectContaining({ level: "info", backend: "logged", stream: "stderr" }),
    ]),
  );
});

it("calls Python's shutdown at its end, once, and not when it is forced", async () => {
  const backEnd = await here.loaded();
  await Promise.all([backEnd.shutdown({ force: false }), backEnd.shutdown({ force: false })]);
  expect(backEnd.state).toMatchObject({ phase: "closed", loaded: false });
  expect(here.lines()).toEqual(["shutdown"]);
  await expect(backEnd.warmup()).rejects.toMatchObject({ code: "TR_SESSION_CLOSED" });
  const other = await here.loaded();
  await other.shutdown({ force: true });
  expect(here.lines()).toEqual(["shutdown"]);
});

it("ends when shutdown raises, and says so in the log", async () => {
  const backEnd = await here.loaded({ config: { fail: "shutdown" } });
  await backEnd.shutdown({ force: false });
  expect(here.log.map(({ message }) => message)).toContain("shutdown() failed");
});
