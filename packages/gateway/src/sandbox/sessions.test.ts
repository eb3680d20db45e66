import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { until } from "../../test/gateways.js";
import { iso, success, text, useSandbox } from "../../test/sandbox.js";

const sandbox = useSandbox();
const { execute, lines, newWorker, post } = sandbox;

describe("a session", () => {
  it("is created, used, listed, refreshed and destroyed", async () => {
    const worker_id = newWorker();
    const own = { worker_id, resource_type: "notes" };
    const created = await post("/session/create", { ...own, session_config: { texts: ["a"] } });
    const { session_id, session_name } = created.body.data as Record<string, string>;
    const names = { session_id, session_name, resource_type: "notes" };
    expect(created).toEqual(
      success(
        "session:create",
        { ...names, session_status: "active", error: null },
        { session_id },
      ),
    );
    expect([session_id, session_name]).toEqual([text, text]);
    expect(await post("/session/create", own)).toEqual(
      success("session:create", { status: "exists", ...names }, { session_id }),
    );
    const added = await execute(worker_id, "notes:add", { text: "b" });
    expect(added).toEqual(success("notes:add", 2, { session_id, resource_type: "notes" }));
    expect(await execute(worker_id, "notes:all")).toMatchObject({ body: { data: ["a", "b"] } });
    const listed = await post("/session/list", { worker_id });
    const entry = {
      ...names,
      ...{ status: "active", auto_created: false },
      ...{ created_at: iso, last_activity: iso, expires_at: iso },
    };
    expect(listed).toEqual(success("session:list", { worker_id, sessions: [entry], count: 1 }));
    expect(await post("/session/refresh", own)).toEqual(
      success(
        "session:refresh",
        { message: text, resource_type: "notes", session_id, expires_at: iso },
        { session_id },
      ),
    );
    expect(await post("/session/refresh", { worker_id })).toEqual(
      success("session:refresh", {
        ...{ message: text, worker_id, refreshed_count: 1 },
        details: { notes: { status: "refreshed", session_id, expires_at: iso } },
      }),
    );
    expect(await post("/lifecycle/heartbeat", { worker_id })).toEqual(
      success("session:heartbeat", { worker_id, active_sessions: ["notes"], timestamp: iso }),
    );
    const state = { session_id, status: "active", created_at: iso, last_activity: iso };
    expect(await post("/lifecycle/status", { worker_id })).toEqual(
      success("session:status", {
        ...{ worker_id, active_resources: ["notes"], sessions: { notes: state } },
        tools_available: 20,
      }),
    );
    expect(await post("/session/destroy", own)).toEqual(
      success("session:destroy", { message: text, ...names }, { session_id: text }),
    );
    const none = { status: 404, body: { code: 4007, data: { resource_type: "notes" } } };
    expect(await post("/session/destroy", own)).toMatchObject(none);
    expect(await post("/session/refresh", own)).toMatchObject(none);
    expect(lines()).toContain(`initialize ${worker_id}\ncleanup ${worker_id}\n`);
  });

  it("is made for a call that has none, and says so", async () => {
    const worker_id = newWorker();
    const { status, body } = await execute(worker_id, "notes:who");
    expect(status).toBe(200);
    expect(body.data).toEqual({ worker_id, trace_id: body.meta.trace_id });
    expect(body.meta).toMatchObject({ temporary_session: true, session_id: text });
    await until(() => lines().includes(`cleanup ${worker_id}`));
    const listed = await post("/session/list", { worker_id });
    expect(listed).toMatchObject({ body: { data: { count: 0 } } });
  });

  it("that its back end refuses is 4007 with HTTP 500, and none is there", async () => {
    const worker_id = newWorker();
    const own = { worker_id, resource_type: "notes" };
    const refused = await post("/session/create", { ...own, session_config: { refuse: true } });
    expect(refused).toMatchObject({
      status: 500,
      body: {
        code: 4007,
        data: { session_status: "error", error: expect.stringContaining("asked to refuse") },
      },
    });
    expect(await post("/session/destroy", own)).toMatchObject({ status: 404 });
    const unknown = { worker_id, resource_type: "nothing" };
    expect(await post("/session/create", unknown)).toMatchObject({ body: { code: 4002 } });
  });

  it("may have a name of its own, and ends with all others of its worker", async () => {
    const worker_id = newWorker();
    const create = (resource_type: string, custom_name: string) =>
      post("/session/create", { worker_id, resource_type, custom_name });
    expect(await create("notes", "mine")).toMatchObject({
      body: { data: { session_name: "mine" } },
    });
    await create("own", "other");
    expect(await post("/worker/disconnect", { worker_id })).toEqual(
      success("session:disconnect", { worker_id, sessions_cleaned: 2 }),
    );
    const listed = await post("/session/list", { worker_id });
    expect(listed).toMatchObject({ body: { data: { count: 0 } } });
  });

  it("of a config: of one, of several, of a file in the server's folder", async () => {
    const worker_id = newWorker();
    const one = { worker_id, resource_type: "notes", init_config: { texts: ["one"] } };
    expect(await post("/init/resource", one)).toMatchObject({
      status: 200,
      body: { data: { resource_type: "notes", session_status: "active", session_id: text } },
    });
    expect(await execute(worker_id, "notes:all")).toMatchObject({ body: { data: ["one"] } });
    const others = newWorker();
    const resource_configs = {
      notes: { content: { texts: ["two"] } },
      own: { content: { refuse: true } },
    };
    const batch = await post("/init/batch", { worker_id: others, resource_configs });
    expect(batch).toMatchObject({
      status: 207,
      body: {
        code: 5010,
        data: { results: { notes: { status: "success" }, own: { status: "error" } } },
      },
    });
    const third = newWorker();
    const texts = ["$" + "{NO_SUCH_VARIABLE:-three}"];
    const file = { notes: { content: { texts } }, own: {} };
    writeFileSync(join(sandbox.folder, "sessions.json"), JSON.stringify(file));
    const override_params = { own: { texts: ["four"] } };
    const config = { worker_id: third, config_path: "sessions.json", override_params };
    expect(await post("/init/from-config", config)).toMatchObject({
      status: 200,
      body: { data: { config_loaded: "sessions.json", success_count: 2, total: 2 } },
    });
    expect(await execute(third, "notes:all")).toMatchObject({ body: { data: ["three"] } });
    expect(await execute(third, "own:all")).toMatchObject({ body: { data: ["four"] } });
    for (const config_path of ["../elsewhere.json", "/etc/passwd", "nothing.json"]) {
      const refused = await post("/init/from-config", { worker_id: third, config_path });
      expect([config_path, refused.body.code]).toEqual([config_path, 4002]);
      expect(JSON.stringify(refused.body)).not.toContain("root:");
    }
  });
});

describe("several actions", () => {
  const add = (text: unknown) => ({ action: "notes:add", params: { text } });

  it("run one after the other in one session, until one fails", async () => {
    const worker_id = newWorker();
    await post("/session/create", { worker_id, resource_type: "notes" });
    const good = await post("/execute/batch", { worker_id, actions: [add("a"), add("b")] });
    expect(good).toMatchObject({
      status: 200,
      body: { code: 0, data: { total: 2, executed: 2, success_count: 2 } },
    });
    const { results } = good.body.data as { results: unknown[] };
    expect(results).toMatchObject([
      { code: 0, data: 1 },
      { code: 0, data: 2 },
    ]);
    const partly = { worker_id, actions: [add("c"), add(1), add("d")] };
    const stopped = await post("/execute/batch", partly);
    expect(stopped).toMatchObject({
      status: 207,
      body: { code: 5010, data: { total: 3, executed: 2, success_count: 1 } },
    });
    const went = await post("/execute/batch", { ...partly, stop_on_error: false });
    expect(went).toMatchObject({ body: { data: { executed: 3, success_count: 2 } } });
    const failed = await post("/execute/batch", { worker_id, actions: [add(1)] });
    expect(failed).toMatchObject({ status: 500, body: { code: 5009 } });
  });

  it("run at once, each with its own time-out", async () => {
    const nap = (seconds: number, more: object = {}) => ({
      ...{ action: "notes:nap", params: { seconds } },
      ...more,
    });
    const worker_id = newWorker();
    await post("/session/create", { worker_id, resource_type: "notes" });
    const actions = [nap(60, { timeout: 0.2 }), nap(0.2), nap(0.2)];
    const answer = await post("/execute/batch", { worker_id, actions, parallel: true });
    expect(answer).toMatchObject({
      status: 207,
      body: { data: { success_count: 2, results: [{ code: 5006 }, { code: 0 }, { code: 0 }] } },
    });
  });
});
