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

describe("a session", () => {
  it("serves every call of its worker and type until it is destroyed", async () => {
    const { server, backEnd } = await fakeSandbox();
    const created = await server.createSession(vm);
    expect(created).toMatchObject({
      code: 0,
      message: "success",
      data: { resource_type: "vm", session_status: "active", error: null },
      meta: { tool: "session:create", resource_type: "session" },
    });
    const { session_id } = dataOf(created);
    for (let i = 0; i < 2; i++) {
      expect(await server.execute(action("vm:run", {}, { trace_id: "t1" }))).toEqual({
        code: 0,
        message: "success",
        data: { session: session_id, worker: "w1" },
        meta: {
          tool: "vm:run",
          execution_time_ms: 0,
          resource_type: "vm",
          session_id,
          trace_id: "t1",
        },
      });
    }
    const destroyed = await server.destroySession(vm);
    expect(destroyed).toMatchObject({ code: 0, data: { session_id, resource_type: "vm" } });
    expect(steps(backEnd)).toEqual(["warmup", "initialize", "vm:run", "vm:run", "cleanup"]);
    const again = await server.destroySession(vm);
    expect([again.code, httpStatusOf(again)]).toEqual([4007, 404]);
  });

  it("belongs to one worker and one type", async () => {
    const { server, backEnd, rag } = await fakeSandbox();
    const { session_id } = dataOf(await server.createSession(vm));
    const other = await server.execute({ ...action("vm:run"), worker_id: "w2" });
    expect(other.meta).toMatchObject({ temporary_session: true });
    expect(other.meta.session_id).not.toBe(session_id);
    const another = await server.execute(action("rag:run"));
    expect(another.meta).toMatchObject({ temporary_session: true, resource_type: "rag" });
    expect([...backEnd.violations, ...rag.violations]).toEqual([]);
  });

  it("is made once, however many ask at once; the others are told that it exists", async () => {
    const { server, backEnd, clock } = await fakeSandbox();
    backEnd.plans.initialize.push({ ms: 100 });
    const asked = Promise.all([1, 2, 3].map(() => server.createSession(vm)));
    const called = server.execute(action("vm:run"));
    await clock.advance(100);
    const [first, ...others] = (await asked).map(dataOf);
    expect(first).toMatchObject({ session_status: "active" });
    for (const other of others) {
      expect(other).toEqual({
        status: "exists",
        session_id: first?.session_id,
        session_name: first?.session_name,
        resource_type: "vm",
      });
    }
    expect((await called).meta).toMatchObject({ session_id: first?.session_id });
    expect(steps(backEnd)).toEqual(["warmup", "initialize", "vm:run"]);
  });

  it("has the name that its caller gave it, else a readable one", async () => {
    const { server } = await fakeSandbox();
    const { data } = await server.createSession({ ...vm, custom_name: "mine" });
    expect(data).toMatchObject({ session_name: "mine" });
    const other = await server.createSession({ worker_id: "a/b", resource_type: "vm" });
    expect(dataOf(other).session_name).toMatch(/^vm_a-b_\d{3}$/);
  });

  it("that takes long to be initialized holds up no other", async () => {
    const { server, backEnd, clock } = await fakeSandbox();
    await server.warmup();
    backEnd.plans.initialize.push({ ms: 1000 }, {});
    const slow = server.createSession(vm);
    const quick = server.createSession({ ...vm, worker_id: "w2" });
    expect(await now(quick)).toMatchObject({ code: 0 });
    expect(await statuses(server)).toEqual(["creating"]);
    await clock.advance(1000);
    expect(await slow).toMatchObject({ code: 0 });
  });

  it("whose initialize raises is none: 4007 with HTTP 500, and no cleanup", async () => {
    const { server, backEnd } = await fakeSandbox();
    backEnd.plans.initialize.push({ raises: true }, { raises: true });
    const created = await server.createSession(vm);
    expect(created).toMatchObject({
      code: 4007,
      data: {
        session_id: null,
        session_status: "error",
        error: "RuntimeError: initialize failed",
        traceback: "Traceback of initialize failed",
      },
    });
    expect(httpStatusOf(created)).toBe(500);
    const called = await server.execute(action("vm:run"));
    expect([called.code, httpStatusOf(called)]).toEqual([4007, 500]);
    expect(await statuses(server)).toEqual([]);
    expect(steps(backEnd)).toEqual(["warmup", "initialize", "initialize"]);
  });

  it("of an unknown type is refused with the known ones", async () => {
    const { server } = await fakeSandbox();
    const answer = await server.createSession({ ...vm, resource_type: "gpu" });
    expect(answer).toMatchObject({ code: 4002, data: { known: ["vm", "rag"] } });
    expect(httpStatusOf(answer)).toBe(400);
  });

  it("whose cleanup raises is gone all the same, and both the answer and the log say so", async () => {
    const { server, backEnd, lines } = await fakeSandbox();
    backEnd.plans.cleanup.push({ raises: true });
    await server.createSession(vm);
    const { code, data } = await server.destroySession(vm);
    expect([code, (data as { message: string }).message]).toEqual([
      0,
      "session destroyed; its cleanup failed: RuntimeError: cleanup failed",
    ]);
    expect(lines.filter(({ level }) => level === "warn")).toHaveLength(1);
    expect(await statuses(server)).toEqual([]);
  });
});

describe("a temporary session", () => {
  it("is made for one call and cleaned up before the answer, also when the tool raises", async () => {
    const { server, backEnd } = await fakeSandbox();
    for (const raises of [false, true]) {
      const answer = await server.execute(action("vm:run", { raises }));
      expect(answer).toMatchObject({ code: raises ? 5005 : 0, meta: { temporary_session: true } });
      expect(answer.meta.note).toBeUndefined();
    }
    const once = ["initialize", "vm:run", "cleanup"];
    expect(steps(backEnd)).toEqual(["warmup", ...once, ...once]);
    expect(new Set(backEnd.log.map((line) => line.split(" ")[1])).size).toBe(3); // load's, and two ids
  });

  it("is each call's own, and does not stand in the way of a lasting one", async () => {
    const { server, backEnd, clock } = await fakeSandbox();
    const calls = Promise.all([1, 2].map(() => server.execute(action("vm:run", { ms: 50 }))));
    await clock.advance(10);
    expect(await statuses(server)).toEqual(["active", "active"]);
    expect(dataOf(await server.createSession(vm))).toMatchObject({ session_status: "active" });
    await clock.advance(50);
    const ids = (await calls).map(({ meta }) => meta.session_id);
    expect(new Set(ids).size).toBe(2);
    expect(await statuses(server)).toEqual(["active"]);
    expect(backEnd.violations).toEqual([]);
  });

  it("is listed as made by the server, and never expires in a call", async () => {
    const { server, clock } = await fakeSandbox({ sessionTtlMs: 1000 });
    const call = server.execute(action("vm:run", { ms: 5000 }));
    await clock.advance(4000);
    const { sessions } = dataOf(await server.listSessions({ worker_id }));
    expect(sessions).toMatchObject([{ auto_created: true, status: "active", expires_at: null }]);
    await clock.advance(1000);
    expect(await call).toMatchObject({ code: 0 });
  });
});

describe("time to live", () => {
  it("counts from the end of the last call, and a session in a call does not expire", async () => {
    const { server, backEnd, clock, lines } = await fakeSandbox({ sessionTtlMs: 1000 });
    await server.createSession(vm);
    await clock.advance(900);
    const call = server.execute(action("vm:run", { ms: 3000 }));
    await clock.advance(3000);
    expect(await call).toMatchObject({ code: 0 });
    await clock.advance(999);
    expect(await statuses(server)).toEqual(["active"]);
    await clock.advance(1);
    expect(await statuses(server)).toEqual(["expired"]);
    expect(steps(backEnd)).toEqual(["warmup", "initialize", "vm:run", "cleanup"]);
    expect(lines.map(({ message }) => message)).toContain("session expired");
  });

  it("is counted anew by a refresh", async () => {
    const { server, clock } = await fakeSandbox({ sessionTtlMs: 1000 });
    await server.createSession(vm);
    await clock.advance(900);
    const one = await server.refreshSession(vm);
    expect(dataOf(one)).toMatchObject({
      resource_type: "vm",
      expires_at: "2026-01-01T00:00:01.900Z",
    });
    await clock.advance(900);
    const all = await server.refreshSession({ worker_id });
    expect(dataOf(all)).toMatchObject({
      refreshed_count: 1,
      details: { vm: { status: "refreshed", expires_at: "2026-01-01T00:00:02.800Z" } },
    });
    await clock.advance(900);
    expect(await statuses(server)).toEqual(["active"]);
    const none = await server.refreshSession({ worker_id, resource_type: "rag" });
    expect([none.code, httpStatusOf(none)]).toEqual([4007, 404]);
  });

  it("is not lengthened by heartbeats", async () => {
    const { server, clock } = await fakeSandbox({ sessionTtlMs: 1000 });
    await server.createSession(vm);
    await clock.advance(900);
    expect(dataOf(await server.heartbeat({ worker_id }))).toMatchObject({
      active_sessions: ["vm"],
    });
    await clock.advance(100);
    expect(dataOf(await server.heartbeat({ worker_id }))).toMatchObject({ active_sessions: [] });
  });

  it("once over is told to the next call, which gets a temporary session", async () => {
    const { server, clock } = await fakeSandbox({ sessionTtlMs: 1000 });
    const { session_name } = dataOf(await server.createSession(vm));
    await clock.advance(1000);
    const { meta } = await server.execute(action("vm:run"));
    expect(meta).toMatchObject({ temporary_session: true });
    expect(meta.note).toMatch(`the session ${session_name} (`);
    expect(meta.note).toMatch("expired at 2026-01-01T00:00:01.000Z: nothing was called for 1 s");
    expect((await server.execute(action("vm:run"))).meta.note).toBeUndefined();
    expect(await statuses(server)).toEqual([]);
  });

  it("once over leaves the place to the next session", async () => {
    const { server, clock, backEnd } = await fakeSandbox({ sessionTtlMs: 1000 });
    await server.createSession(vm);
    backEnd.plans.cleanup.push({ ms: 10_000 });
    await clock.advance(1000);
    expect(dataOf(await server.createSession(vm))).toMatchObject({ session_status: "active" });
    expect((await server.execute(action("vm:run"))).meta.temporary_session).toBeUndefined();
  });

  it("once over is remembered for the thousand latest, whoever asks for them", async () => {
    const { server, clock } = await fakeSandbox({ sessionTtlMs: 1000 });
    for (let i = 0; i <= 1000; i++) await server.createSession({ ...vm, worker_id: `w${i}` });
    await clock.advance(1000);
    const noteOf = async (worker: string) =>
      (await server.execute({ ...action("vm:run"), worker_id: worker })).meta.note;
    expect([await noteOf("w0"), typeof (await noteOf("w1"))]).toEqual([undefined, "string"]);
  });

  it("leaves no alarm behind", async () => {
    const { server, clock } = await fakeSandbox();
    await server.createSession(vm);
    await server.execute(action("vm:run", {}, { timeout: 5 }));
    await server.destroySession(vm);
    expect(clock.pending).toBe(0);
  });
});

describe("a worker", () => {
  it("that disconnects loses all its sessions, temporary ones too, and nobody else's", async () => {
    const { server, backEnd, rag, clock } = await fakeSandbox();
    await server.createSession(vm);
    await server.createSession({ worker_id, resource_type: "rag" });
    await server.createSession({ ...vm, worker_id: "w2" });
    const call = server.execute(action("vm:run", { ms: 1000 }));
    await clock.advance(10);
    const answer = await server.disconnect({ worker_id });
    expect(answer.data).toEqual({ worker_id, sessions_cleaned: 2 });
    expect(await call).toMatchObject({ code: 4007 });
    expect(await statuses(server)).toEqual([]);
    expect([backEnd.open.length, rag.open.length]).toEqual([1, 0]);
  });

  it("is told its resources and sessions", async () => {
    const { server } = await fakeSandbox();
    const { session_id } = dataOf(await server.createSession(vm));
    const created_at = "2026-01-01T00:00:00.000Z";
    expect((await server.status({ worker_id })).data).toEqual({
      worker_id,
      active_resources: ["vm"],
      sessions: { vm: { session_id, status: "active", created_at, last_activity: created_at } },
      tools_available: 9,
    });
    expect(server.ready()).toEqual({
      status: "ready",
      tools_count: 9,
      active_workers: 1,
      total_sessions: 1,
    });
  });
});
