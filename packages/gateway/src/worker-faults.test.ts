import { expect, it } from "vitest";
import { type Client, until, useGateways } from "../test/gateways.js";

const gateways = useGateways();

/** The process that a session's agent has named in an event. */
async function pidOf(client: Client, id: string): Promise<number> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of (await client.fetch(`/chat/stream/${id}`)).body ?? []) {
    text += decoder.decode(chunk, { stream: true });
    const [, pid] = /"pid":(\d+)/.exec(text) ?? [];
    if (pid !== undefined) return Number(pid);
  }
  throw new Error(`no pid in ${text}`);
}

it("when all workers are killed the sessions end with an error; /health is 503 and then 200 by itself", async () => {
  const client = await gateways.ready({ maxConcurrent: 3 });
  const streams = [1, 2, 3].map((n) => client.events({ hangs: true }, { session_id: `s${n}` }));
  await until(async () => (await client.health()).body.processing_count === 3);
  const pids = await Promise.all([1, 2, 3].map((n) => pidOf(client, `s${n}`)));
  await until(async () => (await client.health()).status === 200);
  expect(new Set(pids).size).toBe(3);
  for (const pid of pids) process.kill(pid, "SIGKILL");
  // The next ones may be ready in a quarter of that.
  await new Promise((resolve) => setTimeout(resolve, 400));
  const { status, body } = await client.health();
  expect({ status, reason: body.reason }).toEqual({
    status: 503,
    reason: expect.stringMatching(/^all Python workers ended \d+ ms ago|^no Python worker runs/),
  });
  for (const events of await Promise.all(streams)) {
    expect(events.slice(-2)).toMatchObject([
      { type: "error", code: "TR_WORKER_CRASHED" },
      { type: "completed", status: "error" },
    ]);
  }
  await until(async () => (await client.health()).status === 200);
  await until(async () => (await client.health()).body.available_slots === 3);
  const events = await client.events({});
  expect(events.at(-1)).toMatchObject({ status: "completed" });
});

if (process.platform !== "win32") {
  it("/health is 503 while the workers are stopped", async () => {
    const client = await gateways.ready({ maxConcurrent: 1 });
    const pid = Number((await client.events({}))[1]?.pid);
    process.kill(pid, "SIGSTOP");
    await until(async () => (await client.health()).status === 503, 20_000);
    expect((await client.health()).body.reason).toMatch(/unresponsive/);
    process.kill(pid, "SIGCONT");
    await until(async () => (await client.health()).status === 200, 20_000);
    expect((await client.events({})).at(-1)).toMatchObject({ status: "completed" });
  });
}

it("workers that have crashed too often are tried again after a while", async () => {
  const client = await gateways.ready({ maxConcurrent: 1, reviveMs: 500 });
  for (let i = 0; i < 5; i++) await client.events({ dies: true });
  const { status, body } = await client.health();
  expect({ status, reason: body.reason }).toEqual({
    status: 503,
    reason: "no Python worker runs; they are: failed",
  });
  const refused = await client.events({});
  expect(refused.at(-2)).toMatchObject({ type: "error", code: "TR_WORKER_CRASHED" });
  await until(async () => (await client.health()).status === 200);
  expect((await client.events({})).at(-1)).toMatchObject({ status: "completed" });
});

it("a script that cannot be started is told by ready() and /health, with the reason in the log", async () => {
  const gateway = gateways.make({ script: "nowhere.py", maxConcurrent: 1 });
  await gateway.listen();
  await expect(gateway.ready()).rejects.toMatchObject({ code: "TR_SCRIPT_NOT_FOUND" });
  const headers = { authorization: `Bearer ${gateway.token}` };
  const response = await fetch(`${gateway.url}/health`, { headers });
  expect(response.status).toBe(503);
  expect(await response.json()).toMatchObject({
    status: "unhealthy",
    reason: "no Python worker runs; they are: failed",
  });
  expect(gateways.lines.join("")).toMatch("nowhere.py");
});
