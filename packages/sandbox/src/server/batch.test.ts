import { describe, expect, it } from "vitest";
import { action, fakeSandbox, steps, vm, worker_id } from "../../test/sandbox.js";
import { httpStatusOf } from "./answers.js";

describe("a batch", () => {
  const good = action("vm:run");
  const bad = action("vm:run", { raises: true });

  it("runs one action after the other, and stops at the first that fails", async () => {
    const { server, backEnd } = await fakeSandbox();
    await server.createSession(vm);
    const answer = await server.executeBatch({ worker_id, actions: [good, bad, good] });
    expect([answer.code, httpStatusOf(answer)]).toEqual([5010, 207]);
    expect(answer.data).toMatchObject({ total: 3, executed: 2, success_count: 1 });
    expect(answer.meta.tool).toBe("batch:execute");
    expect(steps(backEnd)).toEqual(["warmup", "initialize", "vm:run", "vm:run"]);
  });

  it("goes on after a failure if it is to", async () => {
    const { server } = await fakeSandbox();
    const batch = { worker_id, actions: [good, bad, good], stop_on_error: false, trace_id: "t" };
    const { code, data } = await server.executeBatch(batch);
    expect(code).toBe(5010);
    expect(data).toMatchObject({ executed: 3, success_count: 2 });
    const { results } = data as { results: { code: number; meta: { trace_id: string } }[] };
    expect(results.map((result) => [result.code, result.meta.trace_id])).toEqual([
      [0, "t"],
      [5005, "t"],
      [0, "t"],
    ]);
  });

  it("in parallel takes as long as its longest action", async () => {
    const { server, clock } = await fakeSandbox();
    const slow = action("vm:run", { ms: 500 });
    const batch = server.executeBatch({ worker_id, actions: [slow, slow, slow], parallel: true });
    await clock.advance(500);
    expect(await batch).toMatchObject({
      code: 0,
      data: { total: 3, executed: 3, success_count: 3 },
    });
  });

  it("of which nothing succeeds is 5009, an empty one a success", async () => {
    const { server } = await fakeSandbox();
    const failed = await server.executeBatch({ worker_id, actions: [bad, bad], parallel: true });
    expect([failed.code, httpStatusOf(failed)]).toEqual([5009, 500]);
    expect(await server.executeBatch({ worker_id, actions: [] })).toMatchObject({ code: 0 });
  });

  it("whose caller goes away begins nothing more", async () => {
    const { server, backEnd, clock } = await fakeSandbox();
    const caller = new AbortController();
    const actions = [action("vm:run", { ms: 500 }), good, good];
    const batch = server.executeBatch({ worker_id, actions, stop_on_error: false }, caller);
    await clock.advance(100);
    caller.abort();
    await batch;
    expect(steps(backEnd)).toEqual(["warmup", "initialize", "vm:run", "cleanup"]);
  });
});
