import { once } from "node:events";
import { TrError } from "@tr/protocol/errors";
import fc from "fast-check";
import type { PythonSession } from "../src/python-session.js";

/** What a session is, as far as its user can tell. Times are left out: only what must come of each step is in it. */
export interface Model {
  status: "idle" | "ready" | "exited" | "crashed" | "closed";
  /** What the worker has in memory. */
  count: number;
  generation: number;
}

type Step = fc.AsyncCommand<Model, PythonSession>;

/** The code that a call must fail with where no worker runs; `undefined`: it must succeed. */
function refusal({ status }: Model): string | undefined {
  switch (status) {
    case "idle":
    case "exited":
      return "TR_NOT_STARTED";
    case "crashed":
      return "TR_WORKER_CRASHED";
    case "closed":
      return "TR_SESSION_CLOSED";
    case "ready":
      return undefined;
  }
}

async function outcome(
  promise: Promise<unknown>,
): Promise<{ value: unknown } | { error: TrError }> {
  try {
    return { value: await promise };
  } catch (error) {
    if (!TrError.is(error)) throw error;
    return { error };
  }
}

function check(found: unknown, expected: unknown, what: string): void {
  if (JSON.stringify(found) === JSON.stringify(expected)) return;
  throw new Error(`${what}: expected ${JSON.stringify(expected)}, found ${JSON.stringify(found)}`);
}

/** After every step the session's state is the model's. */
function checkState(model: Model, session: PythonSession): void {
  const { status } = session.state;
  if (model.status === "closed") {
    const ended = status === "exited" || status === "crashed" || status === "idle";
    check(ended, true, `state after close, found ${status}`);
  } else check(status, model.status, "state");
  check(session.info?.generation, model.status === "ready" ? model.generation : undefined, "info");
}

function step(name: string, run: (model: Model, session: PythonSession) => Promise<void>): Step {
  return {
    check: () => true,
    async run(model, session) {
      await run(model, session);
      checkState(model, session);
    },
    toString: () => name,
  };
}

const ends = (how: string) => how === "cancelled" || how === "unsent" || how === "killed";

/** A call that its caller gives up: what became of it is the session's to say, and the model follows. */
async function givenUp(model: Model, code: string, call: Promise<unknown>): Promise<void> {
  const found = await outcome(call);
  const error = "error" in found ? found.error : undefined;
  check(error?.code, refusal(model) ?? code, "given up");
  if (refusal(model) !== undefined) return;
  const { stopped = "" } = error as TrError & { stopped?: string };
  check(ends(stopped), true, `stopped, found ${stopped}`);
  // A machine so busy that the worker did not come to stop it in time is no divergence.
  if (stopped === "killed") model.status = "crashed";
}

const simple: Record<string, (model: Model, session: PythonSession) => Promise<void>> = {
  async start(model, session) {
    const found = await outcome(session.start());
    if (model.status === "closed") {
      check("error" in found && found.error.code, "TR_SESSION_CLOSED", "start");
      return;
    }
    check("error" in found ? found.error.message : undefined, undefined, "start");
    if (model.status === "ready") return;
    Object.assign(model, { status: "ready", count: 0, generation: model.generation + 1 });
  },
  async terminate(model, session) {
    await session.terminate();
    if (model.status === "ready") model.status = "exited";
  },
  async pleaseExit(model, session) {
    check(await session.pleaseExit(5000), true, "pleaseExit");
    if (model.status === "ready") model.status = "exited";
  },
  async close(model, session) {
    await session.close();
    model.status = "closed";
  },
  async crash(model, session) {
    const found = await outcome(session.call("crash"));
    const code = refusal(model) ?? "TR_WORKER_CRASHED";
    check("error" in found && found.error.code, code, "crash");
    if (model.status === "ready") model.status = "crashed";
  },
  async "kill from outside"(model, session) {
    const { pid } = session.info ?? {};
    if (pid === undefined) return;
    const gone = once(session, "exit");
    process.kill(pid, "SIGKILL");
    await gone;
    model.status = "crashed";
  },
  async "a Python error"(model, session) {
    const found = await outcome(session.call("fail"));
    check("error" in found && found.error.code, refusal(model) ?? "TR_PYTHON_ERROR", "fail");
  },
  async "a call that does not yield"(model, session) {
    // On a busy machine it may be stopped before it has begun.
    const call = session.call("stuck", [], { timeoutMs: 50 });
    await givenUp(model, "TR_CALL_TIMEOUT", call);
  },
  async "a worker that is stopped for a while"(model, session) {
    const { pid } = session.info ?? {};
    if (pid !== undefined) process.kill(pid, "SIGSTOP");
    const call = session.call("sleep", [60], { timeoutMs: 20 });
    const resumed = setTimeout(() => pid !== undefined && process.kill(pid, "SIGCONT"), 60);
    await givenUp(model, "TR_CALL_TIMEOUT", call);
    clearTimeout(resumed);
    if (pid !== undefined && model.status === "ready") process.kill(pid, "SIGCONT");
  },
};

const adds = fc.array(fc.integer({ min: -9, max: 9 }), { minLength: 1, maxLength: 5 }).map((list) =>
  step(`add ${list}`, async (model, session) => {
    const found = await Promise.all(list.map((number) => outcome(session.call("add", [number]))));
    const expected = list.map((number) => {
      const code = refusal(model);
      if (code === undefined) model.count += number;
      return code === undefined ? { value: model.count } : { code };
    });
    check(
      found.map((one) => ("error" in one ? { code: one.error.code } : one)),
      expected,
      "add",
    );
  }),
);

const aborts = fc.integer({ min: 0, max: 20 }).map((delayMs) =>
  step(`abort after ${delayMs} ms`, async (model, session) => {
    const control = new AbortController();
    const { signal } = control;
    const calls = [
      session.call("sleep", [60], { signal }),
      session.call("sleep", [60], { signal }),
    ];
    const timer = setTimeout(() => control.abort(), delayMs);
    const code = refusal(model);
    const [, queued] = await Promise.all([
      givenUp(model, "TR_CANCELLED", calls[0] as Promise<unknown>),
      outcome(calls[1] as Promise<unknown>), // the first may have to be killed, and take it along
    ]);
    const expected = code ?? (model.status === "crashed" ? "TR_WORKER_CRASHED" : "TR_CANCELLED");
    const found = "error" in queued && queued.error.code;
    check([expected, "TR_CANCELLED"].includes(found || ""), true, `queued, found ${found}`);
    clearTimeout(timer);
  }),
);

const streams = fc.integer({ min: 1, max: 6 }).map((length) =>
  step(`stream ${length}`, async (model, session) => {
    const taken: unknown[] = [];
    const found = await outcome(
      (async () => {
        for await (const number of session.stream("numbers")) {
          taken.push(number);
          if (taken.length === length) break;
        }
      })(),
    );
    check("error" in found ? found.error.code : undefined, refusal(model), "stream");
    const all = Array.from({ length }, (_, i) => i);
    check(taken, refusal(model) === undefined ? all : [], "items");
  }),
);

/** Sequences of everything that can happen to a session. */
export const histories = fc.commands(
  [
    ...Object.entries(simple).map(([name, run]) => fc.constant(step(name, run))),
    // More often what leads on than what ends it.
    ...[1, 2, 3, 4].flatMap(() => [fc.constant(step("start", simple.start as never)), adds]),
    ...[aborts, aborts, streams, streams],
  ],
  { maxCommands: 24, size: "max" },
);
