import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { beforeEach, expect, it } from "vitest";
import { backEndsFolder, until } from "../../test/gateways.js";
import { headersWith, useServed } from "../../test/served.js";

const gateways = useServed();
const token = "a-token-for-this-test";
let log: string;
beforeEach(() => {
  log = join(gateways.folder, "log");
  writeFileSync(log, "");
});

/** A server with one session of `notes`. */
async function served(config: { server?: object; agent?: object } = {}) {
  const notes = { backend_class: "back_ends:Notes", config: { log } };
  const warmup = { resources: ["notes"] };
  const parts = { ...config, resources: { notes }, warmup };
  const env = { TR_GATEWAY_TOKEN: token, PYTHONPATH: backEndsFolder };
  const server = await gateways.serve(parts, env);
  const headers = headersWith(token);
  const get = (path: string) => fetch(`${server.url}${path}`, { headers });
  const post = (path: string, body: object) =>
    fetch(`${server.url}/api/v1${path}`, {
      ...{ method: "POST", headers, body: JSON.stringify(body) },
    });
  await until(async () => (await get("/ready")).status === 200, 60_000);
  await post("/session/create", { worker_id: "w", resource_type: "notes" });
  return { ...server, get, post, lines: () => readFileSync(log, "utf8").split("\n").slice(0, -1) };
}

const nap = { worker_id: "w", action: "notes:nap", params: { seconds: 60 } };

it("the shutdown that a client asks for is answered, then everything is cleaned up, and the exit code is 0", async () => {
  const server = await served();
  const answer = await server.post("/server/shutdown", {});
  expect([answer.status, await answer.json()]).toEqual([
    200,
    { status: "success", message: expect.any(String), sessions_cleaned: 1 },
  ]);
  expect(await server.process).toMatchObject({ exitCode: 0 });
  expect(server.lines()).toEqual(["warmup", "initialize w", "cleanup w", "shutdown"]);
  expect(server.output()).not.toContain(token);
  expect(readdirSync(server.workspace, { recursive: true }).join()).not.toMatch(/tr_session_/);
});

it("a call that runs has its time, and is cancelled when that is over", async () => {
  const server = await served({ server: { drain_timeout: 0.3 } });
  const running = server.post("/execute", nap);
  await until(() => server.lines().includes("nap"));
  await server.post("/server/shutdown", {});
  expect(await (await running).json()).toMatchObject({
    ...{ code: 5011, message: "the server is shutting down" },
  });
  expect(await server.process).toMatchObject({ exitCode: 0 });
  const end = ["nap", "cancelled", "cleanup w", "shutdown"];
  expect(server.lines()).toEqual(["warmup", "initialize w", ...end]);
});

it("with force it has none, and without cleanup_sessions there is none", async () => {
  const server = await served({ server: { drain_timeout: 60 } });
  const running = server.post("/execute", nap).catch(() => undefined);
  await until(() => server.lines().includes("nap"));
  await server.post("/server/shutdown", { force: true, cleanup_sessions: false });
  await running;
  expect(await server.process).toMatchObject({ exitCode: 0 });
  expect(server.lines()).not.toContain("cleanup w");
});

// Windows has no SIGTERM: a process is ended there at once.
if (process.platform !== "win32") {
  it("SIGTERM cleans up too; what comes meanwhile is refused", async () => {
    const server = await served();
    const running = server.post("/execute", { ...nap, params: { seconds: 2 } });
    await until(() => server.lines().includes("nap"));
    server.process.kill("SIGTERM");
    await until(() => /shutting down/.test(server.output()));
    const refused = await server.post("/execute", nap);
    expect([refused.status, await refused.json()]).toEqual([
      503,
      expect.objectContaining({ status: "error", code: "SHUTTING_DOWN" }),
    ]);
    expect((await server.get("/ready")).status).toBe(503);
    expect(await (await running).json()).toMatchObject({ code: 0, data: 2 });
    expect(await server.process).toMatchObject({ exitCode: 0 });
    expect(server.lines().slice(-2)).toEqual(["cleanup w", "shutdown"]);
  });
}

it("beside a chat each has its routes, and one request ends both", async () => {
  const server = await served({ agent: {} });
  await until(async () => (await server.get("/health")).status === 200, 60_000);
  expect(await (await server.get("/health")).json()).toMatchObject({ max_concurrent: 3 });
  const body = JSON.stringify({ question: "{}" });
  const init = { method: "POST", headers: headersWith(token), body };
  expect((await fetch(`${server.url}/chat`, init)).status).toBe(200);
  const pages = await Promise.all(
    ["/", "/sandbox"].map(async (path) => (await server.get(path)).text()),
  );
  expect(pages.map((page) => /<h1>.*/.exec(page)?.[0])).toEqual([
    "<h1>Gateway</h1>",
    "<h1>Sandbox</h1>",
  ]);
  expect(pages.map((page) => /<nav.*nav>/.exec(page)?.[0])).toEqual([
    '<nav aria-label="Pages"><a href="./" aria-current="page">Chat</a> <a href="sandbox">Sandbox</a></nav>',
    '<nav aria-label="Pages"><a href="./">Chat</a> <a href="sandbox" aria-current="page">Sandbox</a></nav>',
  ]);
  await server.post("/server/shutdown", {});
  expect(await server.process).toMatchObject({ exitCode: 0 });
  expect(server.lines().slice(-2)).toEqual(["cleanup w", "shutdown"]);
});

it("a back end that cannot be imported is said, and the exit code is 1", async () => {
  const resources = { notes: { backend_class: "no_such_module:Notes" } };
  const { process: ended, output } = await gateways.serve({ resources });
  expect(await ended).toMatchObject({ exitCode: 1 });
  expect(output()).toMatch(/no_such_module/);
});
