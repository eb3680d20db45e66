import { describe, expect, it } from "vitest";
import {
  action,
  dataOf,
  fakeSandbox,
  now,
  statuses,
  steps,
  vm,
  worker_id,
} from "../../test/sandbox.js";
import { httpStatusOf } from "./answers.js";

describe("a tool's name", () => {
  it("is found in full, or bare where only one tool has it", async () => {
    const { server } = await fakeSandbox();
    expect((await server.execute(action("only_vm"))).meta.tool).toBe("vm:only_vm");
    const echo = await server.execute(action("echo"));
    expect(echo).toMatchObject({
      code: 0,
      data: { session: null },
      meta: { tool: "echo", resource_type: null, session_id: null },
    });
  });

  it("that several tools have is refused with the candidates, an unknown one with itself", async () => {
    const { server } = await fakeSandbox();
    const ambiguous = await server.execute(action("run"));
    expect(ambiguous).toMatchObject({ code: 4002, data: { candidates: ["vm:run", "rag:run"] } });
    expect(httpStatusOf(ambiguous)).toBe(400);
    const unknown = await server.execute(action("vm:jump"));
    expect(unknown).toMatchObject({ code: 4002, data: { action: "vm:jump" } });
  });

  it("is listed unless it is hidden, and found with its schema either way", async () => {
    const { server } = await fakeSandbox();
    const { tools, count } = server.tools();
    expect(tools.map(({ full_name }) => full_name)).not.toContain("vm:secret");
    expect(count).toBe(7);
    expect(server.tools({ includeHidden: true }).count).toBe(9);
    expect(server.toolSchema("vm:secret")).toEqual({
      name: "secret",
      full_name: "vm:secret",
      resource_type: "vm",
      stateless: false,
      description: "secret of vm",
      parameters: { type: "object", properties: {} },
    });
    expect(server.toolSchema("run")).toBeUndefined();
  });
});

describe("an answer", () => {
  it("of the tool's own is kept, its meta filled with what the server knows", async () => {
    const { server } = await fakeSandbox();
    const answers = {
      code: 4001,
      message: "no such page",
      data: { page: 7 },
      meta: { pages: 3, session_id: "made up", trace_id: null, temporary_session: false },
    };
    const answer = await server.execute(action("vm:run", { answers }, { trace_id: "t1" }));
    expect(answer).toMatchObject({ code: 4001, message: "no such page", data: { page: 7 } });
    expect(answer.meta).toMatchObject({ pages: 3, trace_id: "t1", temporary_session: true });
    expect(answer.meta.session_id).toMatch(/^vm_w1_/);
    expect(httpStatusOf(answer)).toBe(400);
  });

  it("says how long it took", async () => {
    const { server, clock } = await fakeSandbox();
    const call = server.execute(action("vm:run", { ms: 250 }));
    await clock.advance(250);
    expect((await call).meta.execution_time_ms).toBe(250);
  });
});

describe("the warm-up", () => {
  it("runs once for a hundred first calls at once", async () => {
    const { server, backEnd, clock } = await fakeSandbox();
    backEnd.plans.warmup.push({ ms: 1000 });
    const calls = Array.from({ length: 100 }, () => server.execute(action("vm:run")));
    await clock.advance(1000);
    const answers = await Promise.all(calls);
    expect(answers.filter(({ code }) => code === 0)).toHaveLength(100);
    expect(steps(backEnd).filter((step) => step === "warmup")).toHaveLength(1);
    expect(backEnd.violations).toEqual([]);
  });

  it("that fails fails the call with 5011, and is tried again by the next", async () => {
    const { server, backEnd } = await fakeSandbox();
    backEnd.plans.warmup.push({ raises: true });
    const failed = await server.execute(action("vm:run"));
    expect(failed).toMatchObject({ code: 5011, data: { traceback: "Traceback of warmup failed" } });
    expect(httpStatusOf(failed)).toBe(500);
    expect(await server.execute(action("vm:run"))).toMatchObject({ code: 0 });
    expect(steps(backEnd)).toEqual(["warmup", "warmup", "initialize", "vm:run", "cleanup"]);
  });

  it("is asked for by name, or of all, and each is told how it went", async () => {
    const { server, rag } = await fakeSandbox();
    const pending = { total: 2, warmed_up: 0, pending: 2 };
    expect(server.warmupStatus()).toEqual({
      backends: {
        vm: { loaded: true, warmed_up: false },
        rag: { loaded: true, warmed_up: false },
      },
      summary: pending,
    });
    expect(await server.warmup({ backends: ["vm"] })).toEqual({
      status: "success",
      results: { vm: true },
      summary: { total: 2, warmed_up: 1, pending: 1 },
    });
    rag.plans.warmup.push({ raises: true });
    expect(await server.warmup()).toEqual({
      status: "partial_error",
      results: { vm: true, rag: false },
      summary: { total: 2, warmed_up: 1, pending: 1 },
      errors: { rag: "RuntimeError: warmup failed" },
    });
    expect(await server.warmup({ backends: ["gpu"] })).toMatchObject({
      status: "partial_error",
      results: { gpu: false },
    });
  });

  it("of those that are to be warm comes with the start", async () => {
    const { backEnd, rag } = await fakeSandbox({ warmup: ["rag"] });
    expect([steps(backEnd), steps(rag)]).toEqual([[], ["warmup"]]);
  });
});

describe("a time-out", () => {
  it("ends an async tool with 5006 and leaves the session usable", async () => {
    const { server, clock } = await fakeSandbox();
    await server.createSession(vm);
    const call = server.execute(action("vm:run", { ms: 9000, lingersMs: 500 }, { timeout: 2 }));
    await clock.advance(2400);
    expect(await now(call)).toBeUndefined();
    await clock.advance(100);
    const answer = await call;
    expect(answer).toMatchObject({ code: 5006, message: "timed out after 2 s" });
    expect(httpStatusOf(answer)).toBe(500);
    expect(await server.execute(action("vm:run"))).toMatchObject({ code: 0 });
  });

  it("of an async tool that does not end within a second leaves the session stuck until it does", async () => {
    const { server, backEnd, clock } = await fakeSandbox();
    await server.createSession(vm);
    const call = server.execute(action("vm:run", { ms: 9000, lingersMs: 3000 }, { timeout: 1 }));
    await clock.advance(1999);
    expect(await now(call)).toBeUndefined();
    await clock.advance(1);
    expect(await call).toMatchObject({
      code: 5006,
      message: "timed out after 1 s; vm:run could not be stopped and still runs",
    });
    expect(await statuses(server)).toEqual(["stuck"]);
    const refused = await server.execute(action("vm:run"));
    expect(refused).toMatchObject({ code: 5000, data: { session_status: "stuck" } });
    await clock.advance(2000);
    expect(await statuses(server)).toEqual(["active"]);
    expect(await server.execute(action("vm:run"))).toMatchObject({ code: 0 });
    expect(backEnd.violations).toEqual([]);
  });

  it("of a plain function is answered at once; the session is stuck until it returns", async () => {
    const { server, clock } = await fakeSandbox({ sessionTtlMs: 1000 });
    await server.createSession(vm);
    const call = server.execute(action("vm:block", { ms: 5000 }, { timeout: 1 }));
    await clock.advance(1000);
    expect(await call).toMatchObject({ code: 5006 });
    await clock.advance(3999);
    expect(await statuses(server)).toEqual(["stuck"]); // and not expired
    await clock.advance(1);
    expect(await statuses(server)).toEqual(["active"]);
    await clock.advance(1000);
    expect(await statuses(server)).toEqual(["expired"]);
  });

  it("in a temporary session is followed by the cleanup, once the tool has ended", async () => {
    const { server, backEnd, clock } = await fakeSandbox();
    const call = server.execute(action("vm:block", { ms: 5000 }, { timeout: 1 }));
    await clock.advance(1000);
    expect(await call).toMatchObject({ code: 5006, meta: { temporary_session: true } });
    expect(await statuses(server)).toEqual(["destroying"]);
    await clock.advance(3999);
    expect(steps(backEnd)).toEqual(["warmup", "initialize", "vm:block"]);
    await clock.advance(1);
    expect(steps(backEnd)).toEqual(["warmup", "initialize", "vm:block", "cleanup"]);
    expect(backEnd.violations).toEqual([]);
  });

  it("counts the tool alone, not what its session takes to begin", async () => {
    const { server, backEnd, clock } = await fakeSandbox();
    backEnd.plans.warmup.push({ ms: 5000 });
    backEnd.plans.initialize.push({ ms: 5000 });
    const call = server.execute(action("vm:run", { ms: 900 }, { timeout: 1 }));
    await clock.advance(10_900);
    expect(await call).toMatchObject({ code: 0 });
  });

  it("ends a stateless tool", async () => {
    const { server, clock } = await fakeSandbox();
    const call = server.execute(action("echo", { ms: 9000 }, { timeout: 1 }));
    await clock.advance(1000);
    expect(await call).toMatchObject({ code: 5006, data: { timeout: 1 } });
  });
});

describe("a caller who goes away", () => {
  it("cancels the call", async () => {
    const { server, backEnd, clock } = await fakeSandbox();
    const caller = new AbortController();
    const call = server.execute(action("vm:run", { ms: 9000 }), caller);
    await clock.advance(100);
    caller.abort();
    expect(await call).toMatchObject({ code: 5000 });
    expect(steps(backEnd)).toEqual(["warmup", "initialize", "vm:run", "cleanup"]);
  });

  it("before the session has begun sends nothing, and the session is cleaned up", async () => {
    const { server, backEnd, clock } = await fakeSandbox();
    backEnd.plans.initialize.push({ ms: 1000 });
    const caller = new AbortController();
    const call = server.execute(action("vm:run"), caller);
    await clock.advance(100);
    caller.abort();
    expect(await now(call)).toMatchObject({ code: 5000 });
    await clock.advance(900);
    expect(steps(backEnd)).toEqual(["warmup", "initialize", "cleanup"]);
  });

  it("during the warm-up leaves it to the others; no session is begun", async () => {
    const { server, backEnd, clock } = await fakeSandbox();
    backEnd.plans.warmup.push({ ms: 1000 });
    const caller = new AbortController();
    const call = server.execute(action("vm:run"), caller);
    await clock.advance(100);
    caller.abort();
    expect(await now(call)).toMatchObject({ code: 5000 });
    await clock.advance(900);
    expect(steps(backEnd)).toEqual(["warmup"]);
    expect(await statuses(server)).toEqual([]);
  });
});

describe("destroying during a call", () => {
  it("cancels the call, and cleans up when its code has ended", async () => {
    const { server, backEnd, clock } = await fakeSandbox();
    await server.createSession(vm);
    const call = server.execute(action("vm:run", { ms: 9000, lingersMs: 700 }));
    await clock.advance(100);
    const destroyed = server.destroySession(vm);
    const answer = await call;
    expect(answer).toMatchObject({
      code: 4007,
      message: "the session was destroyed during the call",
    });
    expect(await now(destroyed)).toBeUndefined();
    expect(await statuses(server)).toEqual(["destroying"]);
    await clock.advance(700);
    expect(await destroyed).toMatchObject({ code: 0, data: { message: "session destroyed" } });
    expect(steps(backEnd)).toEqual(["warmup", "initialize", "vm:run", "cleanup"]);
    expect(backEnd.violations).toEqual([]);
  });

  it("of a tool that cannot be stopped answers after five seconds, and cleans up later", async () => {
    const { server, backEnd, clock } = await fakeSandbox();
    await server.createSession(vm);
    void server.execute(action("vm:block", { ms: 9000 }));
    await clock.advance(1000);
    const destroyed = server.destroySession(vm);
    await clock.advance(5000);
    expect(dataOf(await destroyed).message).toMatch(/is cleaned up when the tool .+ has returned/);
    expect(dataOf(await server.createSession(vm))).toMatchObject({ session_status: "active" });
    await clock.advance(3000);
    expect(steps(backEnd).at(-1)).toBe("cleanup");
    expect(backEnd.violations).toEqual([]);
  });

  it("while it is made lets initialize end, and cleans up", async () => {
    const { server, backEnd, clock } = await fakeSandbox();
    backEnd.plans.initialize.push({ ms: 1000 });
    const created = server.createSession(vm);
    await clock.advance(100);
    const destroyed = server.destroySession(vm);
    await clock.advance(900);
    expect(await created).toMatchObject({ code: 4007 });
    expect(await destroyed).toMatchObject({ code: 0 });
    expect(steps(backEnd)).toEqual(["warmup", "initialize", "cleanup"]);
  });
});

describe("the death of a back end's process", () => {
  it("fails its calls with 5011, loses its sessions visibly, and harms no other", async () => {
    const { server, backEnd, rag, clock, lines } = await fakeSandbox();
    await server.createSession(vm);
    await server.createSession({ worker_id, resource_type: "rag" });
    const call = server.execute(action("vm:run", { ms: 1000 }));
    const temporary = server.execute({ ...action("vm:run", { ms: 1000 }), worker_id: "w2" });
    const other = server.execute(action("rag:run", { ms: 1000 }));
    await clock.advance(100);
    backEnd.crash();
    const answers = [await call, await temporary];
    expect(answers.map(({ code }) => code)).toEqual([5011, 5011]);
    expect(answers.map(httpStatusOf)).toEqual([500, 500]);
    expect((await statuses(server)).toSorted()).toEqual(["active", "lost"]);
    const lost = lines.filter(({ message }) => message.includes("lost"));
    expect(lost).toMatchObject([{ level: "warn" }, { level: "warn" }]);
    await clock.advance(900);
    expect(await other).toMatchObject({ code: 0 });

    const next = await server.execute(action("vm:run"));
    expect(next).toMatchObject({ code: 0, meta: { temporary_session: true } });
    expect(next.meta.note).toMatch("was lost with its process");
    expect(await statuses(server)).toEqual(["active"]);
    const begun = ["warmup", "initialize", "vm:run", "initialize", "vm:run", "crash"];
    expect(steps(backEnd)).toEqual([...begun, "warmup", "initialize", "vm:run", "cleanup"]);
    expect([...backEnd.violations, ...rag.violations]).toEqual([]);
  });

  it("during initialize or cleanup ends the session without another cleanup", async () => {
    const { server, backEnd, clock } = await fakeSandbox();
    backEnd.plans.initialize.push({ ms: 1000 });
    const created = server.createSession(vm);
    await clock.advance(100);
    backEnd.crash();
    expect(await created).toMatchObject({ code: 5011 });
    await server.createSession(vm);
    backEnd.plans.cleanup.push({ ms: 1000 });
    const destroyed = server.destroySession(vm);
    await clock.advance(100);
    backEnd.crash();
    expect(dataOf(await destroyed).message).toMatch("its process died, so its cleanup was not run");
    expect(await statuses(server)).toEqual([]);
    expect(backEnd.violations).toEqual([]);
  });

  it("leaves a lost session that destroying tells of", async () => {
    const { server, backEnd } = await fakeSandbox();
    await server.createSession(vm);
    backEnd.crash();
    const destroyed = await server.destroySession(vm);
    expect([destroyed.code, httpStatusOf(destroyed)]).toEqual([4007, 404]);
    expect(destroyed.message).toBe("no session of vm: it was lost, the process died");
    expect(await statuses(server)).toEqual([]);
  });
});
