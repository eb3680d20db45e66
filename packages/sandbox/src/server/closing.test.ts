import { describe, expect, it } from "vitest";
import { FakeApi, FakeBackEnd } from "../../test/fake-back-end.js";
import { action, fakeSandbox, now, steps, vm, worker_id } from "../../test/sandbox.js";

describe("the end", () => {
  it("cancels calls, cleans up every session, then shuts down every back end", async () => {
    const { server, backEnd, rag, clock } = await fakeSandbox();
    await server.createSession(vm);
    const calls = [
      server.execute(action("vm:run", { ms: 9000, lingersMs: 500 })),
      server.execute(action("rag:run", { ms: 9000 })),
      server.execute(action("echo", { ms: 9000 })),
    ];
    await clock.advance(100);
    expect(server.shutdown()).toMatchObject({ status: "success", sessions_cleaned: 2 });
    const closed = server.close();
    await clock.advance(500);
    await closed;
    for (const call of calls) {
      expect(await call).toMatchObject({ code: 5011, message: "the server is shutting down" });
    }
    expect(steps(backEnd)).toEqual(["warmup", "initialize", "vm:run", "cleanup", "shutdown"]);
    expect(steps(rag)).toEqual(["warmup", "initialize", "rag:run", "cleanup", "shutdown"]);
    expect(server.close()).toBe(closed);
  });

  it("announced begins nothing new, and lets what runs run until it comes", async () => {
    const { server, clock } = await fakeSandbox();
    const call = server.execute(action("vm:run", { ms: 500 }));
    await clock.advance(100);
    server.shutdown();
    expect(server.ready().status).toBe("closing");
    expect(await server.execute(action("vm:run"))).toMatchObject({ code: 5011 });
    expect(await server.execute(action("echo"))).toMatchObject({ code: 5011 });
    expect(await server.createSession(vm)).toMatchObject({ code: 5011 });
    expect(await server.warmup()).toMatchObject({ status: "partial_error" });
    await clock.advance(400);
    expect(await call).toMatchObject({ code: 0 });
  });

  it("without cleanup leaves the sessions to their processes", async () => {
    const { server, backEnd } = await fakeSandbox();
    await server.createSession(vm);
    const result = server.shutdown({ force: true, cleanup_sessions: false });
    expect(result.sessions_cleaned).toBe(0);
    await server.close();
    expect(steps(backEnd)).toEqual(["warmup", "initialize", "end"]);
  });

  it("does not wait for ever for a tool that cannot be stopped", async () => {
    const { server, backEnd, clock, lines } = await fakeSandbox();
    void server.execute(action("vm:block", { ms: 60_000 }));
    await clock.advance(100);
    const closed = server.close();
    await clock.advance(4999);
    expect(await now(closed.then(() => true))).toBeUndefined();
    await clock.advance(1);
    await closed;
    expect(steps(backEnd)).toEqual(["warmup", "initialize", "vm:block", "shutdown"]);
    expect(lines.at(-1)).toMatchObject({ level: "debug", fields: { outcome: "abandoned" } });
    expect(lines.map(({ level }) => level)).toContain("warn");
  });

  it("while a session is made cleans it up", async () => {
    const { server, backEnd, clock } = await fakeSandbox();
    backEnd.plans.initialize.push({ ms: 1000 });
    const created = server.createSession(vm);
    const call = server.execute({ ...action("vm:run"), worker_id: "w2" });
    await clock.advance(100);
    const closed = server.close();
    await clock.advance(900);
    await closed;
    expect(await created).toMatchObject({ code: 4007 });
    expect((await call).code).toBe(0);
    expect(steps(backEnd)).toEqual([
      "warmup",
      "initialize",
      "initialize",
      "vm:run",
      "cleanup",
      "cleanup",
      "shutdown",
    ]);
  });

  it("comes at once when a back end cannot be loaded, with the reason", async () => {
    class Broken extends FakeBackEnd {
      override async load(): Promise<void> {
        throw new Error("no module named x");
      }
    }
    const { backEnd, server, clock } = await fakeSandbox();
    await server.close();
    const broken = new Broken("x", clock);
    await expect(fakeSandbox({ backEnds: [broken] })).rejects.toThrow("no module named x");
    expect(steps(broken)).toEqual([]);
    expect(broken.isClosed).toBe(true);
    expect(backEnd.isClosed).toBe(true);
  });

  it("of two tools with one name comes at the start", async () => {
    const { clock } = await fakeSandbox();
    const apis = [new FakeApi(clock, "echo"), new FakeApi(clock, "echo")];
    const message = "the tool echo of module is also one of module";
    await expect(fakeSandbox({ apis })).rejects.toThrow(message);
  });
});

describe("a snapshot", () => {
  it("shows back ends, sessions and tools", async () => {
    const { server, clock } = await fakeSandbox({ sessionTtlMs: 1000 });
    await server.createSession(vm);
    await clock.advance(400);
    void server.execute({ ...action("vm:run", { ms: 500 }), worker_id: "w2" });
    await clock.advance(100);
    const { backEnds, sessions, tools } = server.snapshot();
    expect(backEnds).toMatchObject([
      { name: "vm", kind: "resource", isolation: "shared", phase: "ready", warmedUp: true },
      { name: "rag", kind: "resource", warmedUp: false },
      { name: "module", kind: "api" },
    ]);
    expect(sessions).toMatchObject([
      { worker_id, status: "active", temporary: false, msLeft: 500, calls: 0 },
      { worker_id: "w2", temporary: true, msLeft: null, calls: 1 },
    ]);
    expect(tools).toHaveLength(9);
  });

  it("of health names the back end that cannot serve", async () => {
    const { server, backEnd } = await fakeSandbox();
    expect(server.health()).toBeUndefined();
    backEnd.failure = "crashed too often";
    expect(server.health()).toBe("vm: crashed too often");
  });
});
