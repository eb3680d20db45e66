import { fileURLToPath } from "node:url";
import { full, tensor } from "@tr/tsr-codec";
import { sandboxHostPath } from "@tr/worker-py";
import { expect, it } from "vitest";
import { processExists, until, useSessions } from "../test/scripts.js";
import type { PythonSession } from "./python-session.js";

const sessions = useSessions();
const folder = fileURLToPath(new URL("../../../python/tests/sandbox/modules", import.meta.url));
const context = { worker_id: "w1", session_id: "s1", trace_id: "t1" };
const seed = {
  ...{ session_id: "s1", session_name: "first", worker_id: "w1", resource_type: "lab" },
  ...{ config: { own: true }, created_at: "2026-01-31T12:00:00Z", temporary: false },
};

async function loaded(): Promise<PythonSession> {
  const options = { script: sandboxHostPath, cancelGraceMs: 3_600_000 };
  const session = await sessions.started(options);
  const spec = { kind: "backend", name: "lab", class: "lab:Lab", folder, config: { own: false } };
  await session.call("sandbox:load", [spec]);
  return session;
}

function execute(
  session: PythonSession,
  tool: string,
  params: object = {},
  signal?: AbortSignal,
): Promise<{ code: number; data: unknown }> {
  const call = session.call("sandbox:execute", [tool, params, context], signal ? { signal } : {});
  return call as Promise<{ code: number; data: unknown }>;
}

async function log(session: PythonSession): Promise<unknown[]> {
  const args = ["lab:peek_log", {}, { ...context, session_id: null }];
  return ((await session.call("sandbox:execute", args)) as { data: unknown[] }).data;
}

it("a back end's life, with tensors in and out", async () => {
  const session = await loaded();
  await session.call("sandbox:warmup");
  await session.call("sandbox:initialize", [seed]);
  expect(await execute(session, "lab:count", { by: 2 })).toEqual({
    ...{ code: 0, message: "success", data: 2, meta: {} },
  });
  const params = { x: full([2], 1.5), rest: { y: tensor(new Int32Array([1]), [1]) } };
  const { data } = await execute(session, "lab:double", params);
  expect(data).toMatchObject({
    twice: [{ dtype: "float32", shape: [2], data: new Float32Array([3, 3]) }],
    kinds: { y: "ndarray" },
  });
  expect(await execute(session, "lab:double", { x: 1 })).toMatchObject({ code: 4004 });
  expect(await execute(session, "lab:fail", { how: "dtype" })).toMatchObject({ code: 5000 });
  await session.call("sandbox:cleanup", ["s1"]);
  await session.call("sandbox:shutdown");
  const config = { own: true };
  expect(await log(session)).toEqual([
    ...["warmup", ["initialize", "w1", config], ["cleanup", "w1", "s1", 2], "shutdown"],
  ]);
});

it("a hundred plain tools are under way at once, and the event loop is free meanwhile", async () => {
  const session = await loaded();
  await session.call("sandbox:initialize", [seed]);
  await execute(session, "lab:take_log");
  const calls = Array.from({ length: 100 }, () => execute(session, "lab:wait_for_gate"));
  while ((await log(session)).length < 100);
  await execute(session, "lab:open_gate");
  for (const { data } of await Promise.all(calls)) expect(data).toBe("open");
});

it("an async tool that is aborted has ended when the call is rejected; a plain one's call waits for its thread", async () => {
  const session = await loaded();
  await session.call("sandbox:initialize", [seed]);
  await execute(session, "lab:take_log");
  const [first, second] = [new AbortController(), new AbortController()];
  const nap = execute(session, "lab:nap", { seconds: 1000 }, first.signal);
  let isSettled = false;
  const plain = execute(session, "lab:wait_for_gate", {}, second.signal).finally(() => {
    isSettled = true;
  });
  const rejected = expect(plain).rejects.toMatchObject({ code: "TR_CANCELLED" });
  while ((await log(session)).length < 2);
  second.abort();
  first.abort();
  await expect(nap).rejects.toMatchObject({ code: "TR_CANCELLED", stopped: "cancelled" });
  expect(await log(session)).toContain("napped");
  expect(isSettled).toBe(false);
  await execute(session, "lab:open_gate");
  await rejected;
  expect(await log(session)).toContain("waited");
});

it("closing ends the process although a plain tool does not return", async () => {
  const session = await loaded();
  const pid = session.info?.pid ?? 0;
  await session.call("sandbox:initialize", [seed]);
  const rejected = expect(execute(session, "lab:wait_for_gate")).rejects.toThrow();
  while (!(await log(session)).includes("waiting"));
  await session.close();
  await rejected;
  await until(() => !processExists(pid));
});
