import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { script, useSessions } from "../test/scripts.js";

const sessions = useSessions();
const codeOf = (promise: Promise<unknown>) => promise.then(String, (error) => error.code);
const never = () => sessions.make({ script: script("never_ready.py") });

describe("a start that was called off", () => {
  it("by who wanted it is not joined by the next one", async () => {
    const session = sessions.make();
    const control = new AbortController();
    const first = codeOf(session.start({ signal: control.signal }));
    await once(session, "state");
    control.abort();
    expect(await first.then(() => session.state.status)).toBe("exited");
    await session.start();
    expect(await session.call("echo", [1])).toBe(1);
  });

  it("is waited for by the next one, which then runs", async () => {
    const session = sessions.make();
    const control = new AbortController();
    const first = codeOf(session.start({ signal: control.signal }));
    await once(session, "state");
    control.abort();
    await new Promise(setImmediate);
    const second = session.start();
    expect(await first).toBe("TR_CANCELLED");
    await second;
    expect(await session.call("echo", [1])).toBe(1);
    expect(session.info?.generation).toBe(2);
  });

  it("by terminate() does not take a later one along", async () => {
    const session = sessions.make();
    const first = codeOf(session.start());
    await once(session, "state");
    const ended = session.terminate();
    const second = session.start();
    expect(await first).toBe("TR_WORKER_CRASHED");
    await Promise.all([ended, second]);
    expect(session.isReady()).toBe(true);
  });

  it("by close() is the last", async () => {
    const session = sessions.make();
    const first = codeOf(session.start());
    await once(session, "state");
    const ended = session.terminate();
    const second = codeOf(session.start());
    await Promise.all([first, ended, session.close()]);
    expect(await second).toBe("TR_SESSION_CLOSED");
    expect(session.isAlive()).toBe(false);
  });
});

describe("while a start does not end", () => {
  it("a stream can be left, and is never sent", async () => {
    const session = never();
    const start = codeOf(session.start());
    const stream = session.stream("echo");
    const next = stream.next();
    expect(await stream.return("left")).toEqual({ done: true, value: "left" });
    expect(await next).toEqual({ done: true, value: undefined });
    await session.close();
    expect(await start).toBe("TR_SESSION_CLOSED");
  });

  it("typed calls and streams can be aborted, and left", async () => {
    const session = never();
    const start = codeOf(session.start());
    const command = { hash: "", args: ["value"] };
    const commands = {
      echo: { kind: "function", ...command },
      items: { kind: "stream", ...command },
    } as const;
    interface Api {
      echo(value: number, options: { signal: AbortSignal }): Promise<number>;
      items(value: number): AsyncIterable<number>;
    }
    const api = session.as<Api>({ hash: "", commands });
    const error = api.echo(1, { signal: AbortSignal.timeout(20) });
    await expect(error).rejects.toMatchObject({ code: "TR_CANCELLED", stopped: "unsent" });
    const items = api.items(1)[Symbol.asyncIterator]();
    const next = items.next();
    expect(await items.return?.()).toEqual({ done: true, value: undefined });
    expect(await next).toEqual({ done: true, value: undefined });
    await session.close();
    expect(await start).toBe("TR_SESSION_CLOSED");
  });
});

it("an argument of calculate that is no object is not taken for its options", async () => {
  const session = await sessions.started();
  const error = session.calculate("echo", 5 as never);
  await expect(error).rejects.toMatchObject({ code: "TR_INVALID_ARGUMENT" });
});
