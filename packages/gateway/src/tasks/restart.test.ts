import { readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import { readEvents, until } from "../../test/gateways.js";
import { headersWith, useServed } from "../../test/served.js";

const gateways = useServed();

/** What one asks of tasks, at a server that is a process. */
function clientOf({ url }: { url: string }, headers: Record<string, string>) {
  return {
    async submit(wish: object, more: object = {}): Promise<string> {
      const body = JSON.stringify({ question: JSON.stringify(wish), ...more });
      const response = await fetch(`${url}/tasks`, { method: "POST", headers, body });
      return ((await response.json()) as { task_id: string }).task_id;
    },
    async task(id: string): Promise<Record<string, unknown>> {
      const response = await fetch(`${url}/tasks/${id}`, { headers });
      return (await response.json()) as Record<string, unknown>;
    },
    async events(id: string, more: Record<string, string> = {}) {
      return readEvents(
        await fetch(`${url}/tasks/${id}/events`, { headers: { ...headers, ...more } }),
      );
    },
  };
}

it("after kill -9 and a restart what waited runs, what ran runs again or is interrupted, what had ended is there", async () => {
  const token = "a-token-for-this-test";
  const headers = headersWith(token);
  const config = { agent: { max_concurrent: 2 }, tasks: {} };
  const env = { TR_GATEWAY_TOKEN: token };
  const first = await gateways.serve(config, env);
  const before = clientOf(first, headers);
  const done = await before.submit({ events: 100, marker: "é" });
  await until(async () => (await before.task(done)).state === "completed");
  const doneEvents = await before.events(done);
  const go = join(gateways.folder, "go");
  const wish = { events: 5, waits_for: go };
  const again = await before.submit(wish, { idempotent: true });
  const once = await before.submit(wish);
  const waiting = await before.submit({ events: 2 });
  for (const id of [again, once]) {
    await until(async () => (await before.task(id)).total_events === 6);
  }
  const data = `${first.file}.data`;
  if (process.platform !== "win32") {
    const modes = readdirSync(data).map((name) => statSync(join(data, name)).mode & 0o777);
    expect(modes).toEqual([0o600, 0o600]); // the database and its log
  }
  const second = await gateways.serve(config, env);
  expect(await second.process).toMatchObject({ exitCode: 1 });
  expect(second.output()).toMatch(/another gateway uses .*tasks\.sqlite/);
  first.process.kill("SIGKILL");
  await first.process;

  writeFileSync(go, "");
  const third = await gateways.serve(config, env);
  const after = clientOf(third, headers);
  expect(await after.task(once)).toMatchObject({ state: "interrupted", attempts: 1 });
  expect((await after.events(once)).slice(6)).toMatchObject([
    { id: 7, type: "error", code: "INTERRUPTED" },
    { id: 8, type: "completed", status: "interrupted" },
  ]);
  const rest = await after.events(again, { "last-event-id": "6" }); // as one that was cut off
  expect(rest.map(({ id }) => id)).toEqual([7, 8, 9, 10, 11, 12, 13]);
  expect(rest[0]).toMatchObject({ type: "session_start" });
  expect(await after.task(again)).toMatchObject({ state: "completed", attempts: 2 });
  expect(await after.events(waiting)).toHaveLength(4);
  expect(await after.task(waiting)).toMatchObject({ state: "completed", attempts: 1 });
  expect(await after.events(done)).toEqual(doneEvents);
  expect(doneEvents).toHaveLength(102);
  expect(third.output()).not.toContain("waits_for"); // no question in the log
  third.process.kill("SIGTERM");
  await third.process;
  expect(readFileSync(join(data, "tasks.sqlite")).subarray(0, 15).toString()).toBe(
    "SQLite format 3",
  );
});
