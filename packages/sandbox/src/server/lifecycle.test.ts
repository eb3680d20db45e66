import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { soon, touch, useBackEnds } from "../../test/back-ends.js";
import { settle, VirtualClock } from "../../test/virtual-clock.js";
import type { SandboxServer } from "./sandbox-server.js";

// The exact order of what happens to real Python back ends, by the log that they write themselves.

const here = useBackEnds();
const worker_id = "w";
const logged = { worker_id, resource_type: "logged" };

function execute(
  server: SandboxServer,
  action: string,
  params: Record<string, unknown> = {},
  more: { timeout?: number; worker_id?: string; signal?: AbortSignal } = {},
) {
  const { signal, ...body } = more;
  return server.execute({ worker_id, action: `logged:${action}`, params, ...body }, { signal });
}

/** Of the sessions of a worker, by resource. */
async function statuses(server: SandboxServer): Promise<Record<string, string>> {
  const { data } = await server.listSessions({ worker_id });
  const { sessions } = data as { sessions: { resource_type: string; status: string }[] };
  return Object.fromEntries(sessions.map(({ resource_type, status }) => [resource_type, status]));
}

it("warms up once for a hundred first calls at once, each with a session of its own", async () => {
  const server = await here.server(here.options());
  const workers = Array.from({ length: 100 }, (_, i) => `w${i}`);
  const answers = await Promise.all(
    workers.map((worker_id) => execute(server, "note", { word: "x" }, { worker_id })),
  );
  for (const { code, meta } of answers) {
    expect({ code, meta }).toMatchObject({ code: 0, meta: { temporary_session: true } });
  }
  await server.close();
  const lines = here.lines();
  expect(lines.filter((line) => / w\d+/.exec(line) === null)).toEqual(["warmup", "shutdown"]);
  expect([lines[0], lines.at(-1)]).toEqual(["warmup", "shutdown"]);
  for (const worker of workers) {
    expect(lines.filter((line) => line.split(" ")[1] === worker)).toEqual([
      ...[`initialize ${worker}`, `tool ${worker} x`, `cleanup ${worker}`],
    ]);
  }
});

it("tries a warm-up that failed again at the next call", async () => {
  const server = await here.server(here.options({ config: { fail: "warmup once" } }));
  const failed = await execute(server, "echo", { value: 1 });
  expect(failed).toMatchObject({
    code: 5011,
    message: expect.stringMatching(/^warmup of logged failed: \w+: warmup fails$/),
  });
  expect((await execute(server, "echo", { value: 1 })).code).toBe(0);
  expect(here.lines()).toEqual(["warmup fails", "warmup", "initialize w", "cleanup w"]);
});

describe.each(["shared", "session"] as const)("with isolation %s", (isolation) => {
  const start = (clock?: VirtualClock) => here.server(here.options({ isolation }), clock);
  /** Of the process of the only session: one of the spare ones begins with the warm-up and has nothing else. */
  const story = () => {
    const [first = []] = here.stories();
    return first;
  };

  it("cleans up after a temporary session's tool that raises", async () => {
    const server = await start();
    const answer = await execute(server, "fail", { word: "oh" });
    expect(answer).toMatchObject({ code: 5005, meta: { temporary_session: true } });
    expect(story().slice(0, 3)).toEqual(["warmup", "initialize w", "cleanup w"]);
    await server.close();
    expect(story()).toEqual(["warmup", "initialize w", "cleanup w", "shutdown"]);
  });

  it("stops and cleans up after an async tool that takes too long", async () => {
    const server = await start();
    const answer = await execute(server, "nap", { seconds: 60 }, { timeout: 0.2 });
    expect(answer.code).toBe(5006);
    await server.close();
    expect(story()).toEqual([
      ...["warmup", "initialize w", "nap w", "woken w", "cleanup w", "shutdown"],
    ]);
  });

  it("stops and cleans up after a call whose caller goes away", async () => {
    const server = await start();
    const gone = new AbortController();
    const answer = execute(server, "nap", { seconds: 60 }, { signal: gone.signal });
    await here.written("nap w");
    gone.abort();
    expect((await answer).code).not.toBe(0);
    await server.close();
    expect(story()).toEqual([
      ...["warmup", "initialize w", "nap w", "woken w", "cleanup w", "shutdown"],
    ]);
  });

  it("does not clean up after a tool that kills its process, and serves the next call", async () => {
    const server = await start();
    const answer = await execute(server, "kill");
    expect(answer).toMatchObject({ code: 5011, message: expect.stringContaining("SIGKILL") });
    expect((await execute(server, "note", { word: "x" })).code).toBe(0);
    await server.close();
    expect(here.stories().filter((lines) => lines.includes("initialize w"))).toEqual([
      ["warmup", "initialize w", "killed"],
      ["warmup", "initialize w", "tool w x", "cleanup w", "shutdown"],
    ]);
  });

  it("loses a session with its process, tells so, and begins another", async () => {
    const server = await start();
    await server.createSession(logged);
    expect((await execute(server, "count")).data).toBe(1);
    expect((await execute(server, "kill")).code).toBe(5011);
    expect(await statuses(server)).toEqual({ logged: "lost" });
    const next = await execute(server, "count");
    expect(next).toMatchObject({ code: 0, data: 1, meta: { temporary_session: true } });
    expect(next.meta.note).toMatch(/lost/);
    await server.createSession(logged);
    expect(await statuses(server)).toEqual({ logged: "active" });
    await server.close();
    const lines = here.lines();
    const count = (word: string) => lines.filter((line) => line.startsWith(word)).length;
    expect([count("initialize"), count("cleanup")]).toEqual([3, 2]);
  });

  it("cancels an async call of a session that is destroyed, then cleans up, then answers", async () => {
    const server = await start();
    await server.createSession(logged);
    const call = execute(server, "nap", { seconds: 60 });
    await here.written("nap w");
    const destroyed = await server.destroySession(logged);
    expect(story().slice(0, 5)).toEqual([
      ...["warmup", "initialize w", "nap w", "woken w", "cleanup w"],
    ]);
    expect(destroyed.code).toBe(0);
    expect(await call).toMatchObject({ code: 4007, message: expect.stringContaining("destroyed") });
    expect((await server.destroySession(logged)).code).toBe(4007);
    expect(here.lines().filter((line) => line === "cleanup w")).toHaveLength(1);
  });

  it("does not clean up what could not be initialized", async () => {
    const server = await start();
    const answer = await server.createSession({
      ...logged,
      session_config: { fail: "initialize" },
    });
    expect(answer).toMatchObject({ code: 4007, message: expect.stringContaining("initialize") });
    await server.close();
    expect(story()).toEqual(["warmup", "shutdown"]);
  });

  it("expires a session a second after its last call, also one of three seconds, and not before", async () => {
    const clock = new VirtualClock();
    const server = await here.server({ ...here.options({ isolation }), sessionTtlMs: 1000 }, clock);
    await server.createSession(logged);
    await clock.advance(900);
    const path = join(here.home, "go");
    const call = execute(server, "hold", { path });
    await here.written("holds w");
    await clock.advance(3000);
    expect(await statuses(server)).toEqual({ logged: "active" });
    touch(path);
    expect((await call).code).toBe(0);
    await clock.advance(999);
    expect((await execute(server, "count")).data).toBe(1); // which begins the second anew
    await clock.advance(999);
    expect(here.lines()).not.toContain("cleanup w");
    await clock.advance(1);
    await here.written("cleanup w");
    await settle();
    expect(await statuses(server)).toEqual({ logged: "expired" });
    expect(here.log.map(({ message }) => message)).toContain("session expired");
    const next = await execute(server, "count");
    expect(next).toMatchObject({ data: 1, meta: { temporary_session: true } });
    expect(next.meta.note).toMatch(/expired/);
    await server.close();
    const [first] = here.stories();
    expect(first?.slice(0, 5)).toEqual([
      ...["warmup", "initialize w", "holds w", "lets go w", "cleanup w"],
    ]);
  });

  it("cancels what runs when it shuts down, cleans up, then shuts the back end down", async () => {
    const server = await start();
    await server.createSession(logged);
    const calls = [
      execute(server, "nap", { seconds: 60 }),
      execute(server, "nap", { seconds: 60 }, { worker_id: "v" }),
    ];
    await Promise.all([here.written("nap w"), here.written("nap v")]);
    await server.close();
    for (const { code } of await Promise.all(calls)) expect(code).not.toBe(0);
    expect((await execute(server, "count")).code).not.toBe(0);
    const lines = here.lines();
    for (const worker of ["v", "w"]) {
      expect(lines.filter((line) => line.endsWith(` ${worker}`))).toEqual([
        ...[`initialize ${worker}`, `nap ${worker}`, `woken ${worker}`, `cleanup ${worker}`],
      ]);
    }
    for (const lines of here.stories()) {
      expect([lines[0], lines.at(-1)]).toEqual(["warmup", "shutdown"]);
      expect(lines.filter((line) => line === "shutdown")).toHaveLength(1);
    }
  });

  it("answers a thousand calls of fifty sessions at once, each in its own session", async () => {
    const length = isolation === "shared" ? 50 : 4;
    const server = await start();
    const workers = Array.from({ length }, (_, i) => `w${i}`);
    await Promise.all(
      workers.map((worker_id) => server.createSession({ worker_id, resource_type: "logged" })),
    );
    const counts = await Promise.all(
      workers.map((worker_id) =>
        Promise.all(Array.from({ length: 20 }, () => execute(server, "count", {}, { worker_id }))),
      ),
    );
    const expected = Array.from({ length: 20 }, (_, i) => i + 1);
    for (const answers of counts) {
      expect(answers.map(({ data }) => data as number).sort((a, b) => a - b)).toEqual(expected);
    }
    await Promise.all(workers.map((worker_id) => server.disconnect({ worker_id })));
    expect(here.lines().filter((line) => line.startsWith("cleanup"))).toHaveLength(length);
  });
});

describe("with a tool that cannot be stopped", () => {
  it("answers that its time is over, is stuck until it returns, then cleans up", async () => {
    const server = await here.server(here.options());
    await server.createSession(logged);
    const path = join(here.home, "go");
    const answer = await execute(server, "wait_for", { path }, { timeout: 0.2 });
    expect(answer.code).toBe(5006);
    expect(await statuses(server)).toEqual({ logged: "stuck" });
    expect((await execute(server, "count")).code).not.toBe(0);
    touch(path);
    while ((await statuses(server)).logged !== "active") await soon();
    expect((await execute(server, "count")).data).toBe(1);
    await server.destroySession(logged);
    expect(here.lines()).toEqual([
      ...["warmup", "initialize w", "waits w", "returns w", "cleanup w"],
    ]);
  });

  it("cleans a temporary session up when it has returned", async () => {
    const server = await here.server(here.options());
    const path = join(here.home, "go");
    const answer = await execute(server, "wait_for", { path }, { timeout: 0.2 });
    expect(answer.code).toBe(5006);
    expect(here.lines()).toEqual(["warmup", "initialize w", "waits w"]);
    touch(path);
    await here.written("cleanup w");
    expect(here.lines().slice(3)).toEqual(["returns w", "cleanup w"]);
  });

  it("cleans a session that is destroyed up when it has returned, and says that it will", async () => {
    const clock = new VirtualClock();
    const server = await here.server(here.options(), clock);
    await server.createSession(logged);
    const path = join(here.home, "go");
    const call = execute(server, "wait_for", { path });
    await here.written("waits w");
    const destroyed = server.destroySession(logged);
    expect((await call).code).toBe(4007);
    await clock.advance(5000);
    expect((await destroyed).data).toMatchObject({ message: expect.stringContaining("returned") });
    touch(path);
    await here.written("cleanup w");
    expect(here.lines().slice(2)).toEqual(["waits w", "returns w", "cleanup w"]);
  });

  it("is killed with a session of its own, which is lost", async () => {
    const server = await here.server(here.options({ isolation: "session" }));
    await server.createSession(logged);
    const path = join(here.home, "never");
    const answer = await execute(server, "wait_for", { path }, { timeout: 0.2 });
    expect(answer.code).toBe(5006);
    expect(await statuses(server)).toEqual({ logged: "lost" });
    await server.close();
    expect(here.stories()[0]).toEqual(["warmup", "initialize w", "waits w"]);
  });
});

it("disconnects a worker from everything it has", async () => {
  const options = here.options();
  const other = { ...options.resources?.logged, backendClass: "logged:Logged" };
  const server = await here.server({ ...options, resources: { ...options.resources, other } });
  await server.createSession(logged);
  await server.createSession({ worker_id, resource_type: "other" });
  const { data } = await server.disconnect({ worker_id });
  expect(data).toMatchObject({ sessions_cleaned: 2 });
  expect(here.stories()).toEqual([
    ["warmup", "initialize w", "cleanup w"],
    ["warmup", "initialize w", "cleanup w"],
  ]);
});

it("starts a crashed back end again while another serves", async () => {
  const options = here.options();
  const together = { backendClass: "logged:Together" };
  const server = await here.server({ ...options, resources: { ...options.resources, together } });
  await server.createSession(logged);
  await server.createSession({ worker_id, resource_type: "together" });
  const nap = { worker_id, action: "together:nap", params: { seconds: 0.5 } };
  const naps = Array.from({ length: 10 }, () => server.execute(nap));
  expect((await execute(server, "kill")).code).toBe(5011);
  expect(await statuses(server)).toEqual({ logged: "lost", together: "active" });
  for (const { code } of await Promise.all(naps)) expect(code).toBe(0);
  expect((await execute(server, "count")).data).toBe(1);
  expect(here.stories()).toEqual([
    ["warmup", "initialize w", "killed"],
    ["warmup", "initialize w", "cleanup w"],
  ]);
});

it("says of a cleanup that fails that it did, and does not run it again", async () => {
  const server = await here.server(here.options({ config: { fail: "cleanup" } }));
  await server.createSession(logged);
  const { data } = await server.destroySession(logged);
  expect(data).toMatchObject({ message: expect.stringContaining("cleanup fails") });
  await server.close();
  expect(here.lines()).toEqual(["warmup", "initialize w", "cleanup fails", "shutdown"]);
});
