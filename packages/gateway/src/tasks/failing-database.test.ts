import { join } from "node:path";
import { Registry } from "prom-client";
import { expect, it } from "vitest";
import { agentScript, useGateways } from "../../test/gateways.js";
import { createChat } from "../chat/chat.js";
import { createLog } from "../log.js";
import { Changes } from "./changes.js";
import { TaskDatabase } from "./database.js";
import { TaskRun } from "./task-run.js";
import { TaskStore } from "./task-store.js";

const gateways = useGateways();

it.each(["begin", "append", "end"] as const)(
  "a database that fails once, at `%s`, costs no slot and leaves no task without an end",
  async (name) => {
    const log = createLog({ level: "silent" });
    const options = { script: agentScript, workspace: gateways.workspace, maxConcurrent: 1 };
    const chat = createChat(options, { log, metrics: new Registry() });
    const database = new TaskDatabase(join(gateways.workspace, "data"));
    const store = new TaskStore(database);
    let failures = 0;
    const failing = new Proxy(store, {
      get(_, key: keyof TaskStore) {
        if (key === name && failures++ === 0) {
          return () => {
            throw new Error("disk I/O error");
          };
        }
        return (store[key] as (...args: unknown[]) => unknown).bind(store);
      },
    });
    const task = store.add({ id: "a", question: '{"events":3}', overrides: {}, idempotent: false });
    const context = { sessions: chat.sessions, store: failing, changes: new Changes(), log };
    const limits = { maxEvents: 100, maxBytes: 2 ** 20 };
    const closing = new AbortController().signal;
    await new TaskRun(task, { ...context, limits, closing }).ended;
    expect(failures).toBeGreaterThan(0);
    expect(store.find("a")).toMatchObject(
      name === "end" ? { state: "completed", events: 5 } : { state: "failed" },
    );
    expect(String(store.event(task.seq, store.find("a")?.events ?? 0))).toMatch(/"completed"/);
    const next = chat.sessions.begin({ question: "{}" });
    await next?.ended;
    expect(next?.status).toBe("completed");
    await chat.close();
    database.close();
  },
);
