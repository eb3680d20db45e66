import type { Answer } from "../src/server/answer.js";
import type { SandboxServer } from "../src/server/sandbox-server.js";
import { FakeBackEnd } from "./fake-back-end.js";
import { type Expected, ttlMs, workers } from "./model-types.js";
import type { History, Operation } from "./operations.js";
import { dataOf, fakeSandbox } from "./sandbox.js";
import { SandboxModel } from "./sandbox-model.js";
import { VirtualClock } from "./virtual-clock.js";

type Fakes = Awaited<ReturnType<typeof makeFakes>>;
type Given = Expected & { id?: string };
/** What came of an operation, and when. */
type Told<T> = { at: number; what: T } | undefined;

/** Runs a history on the sandbox and on the model, and holds everything that can be seen of the one against the other. */
export async function heldAgainstModel({ list, closesAtOnce }: History): Promise<void> {
  const fakes = await makeFakes();
  const { server, clock } = fakes;
  const model = new SandboxModel();
  const given: Told<Given>[] = [];
  const expected: Told<Expected>[] = [];
  for (const [index, operation] of list.entries()) {
    const distinct = withDistinctTimes(operation, index);
    const { agenda } = model;
    inModel(model, distinct, (what) => {
      expected[index] = { at: agenda.now, what };
    });
    void inSandbox(fakes, distinct)?.then((what) => {
      given[index] = { at: clock.now(), what };
    });
    await clock.advance(distinct.do === "advance" ? distinct.ms : 0);
    await compare(fakes, model, given, expected);
  }
  if (closesAtOnce) await closeBoth(fakes, model, given, expected);
  else {
    model.agenda.advance(60_000);
    await clock.advance(60_000);
    await compare(fakes, model, given, expected);
    same("sessions left", server.ready().total_sessions, 0);
    same("alarms left", clock.pending, 0);
    for (const fake of [fakes.backEnd, fakes.rag]) fake.check();
    await server.close();
  }
  same(
    "unanswered",
    list.filter(({ do: what }, index) => answers(what) && !given[index]),
    [],
  );
  same("violations", [...fakes.backEnd.violations, ...fakes.rag.violations], []);
}

/** `vm` in one process, `rag` in one for each session. */
async function makeFakes() {
  const clock = new VirtualClock();
  const backEnd = new FakeBackEnd("vm", clock);
  const rag = new FakeBackEnd("rag", clock, "session");
  const backEnds = [backEnd, rag];
  return { ...(await fakeSandbox({ sessionTtlMs: ttlMs, clock, backEnds })), clock, backEnd, rag };
}

async function closeBoth(
  fakes: Fakes,
  model: SandboxModel,
  given: Told<Given>[],
  expected: Told<Expected>[],
): Promise<void> {
  const { server, clock } = fakes;
  let expectedAt: number | undefined;
  model.close(() => {
    expectedAt ??= model.agenda.now;
  });
  const closed = server.close().then(() => clock.now());
  const wait = (expectedAt ?? model.agenda.now + 5000) - clock.now();
  model.agenda.advance(wait);
  await clock.advance(wait);
  same("closed at", await closed, expectedAt);
  compareAnswers(given, expected, expectedAt);
  // What is left goes with the processes, and is answered.
  await clock.advance(60_000);
}

const answers = (what: Operation["do"]) => !["crash", "mode", "advance"].includes(what);

/** No two things happen at one time by chance: what is first then would be nobody's promise. */
function withDistinctTimes(operation: Operation, index: number): Operation {
  const copy: Record<string, unknown> = { ...operation };
  for (const [slot, key] of ["ms", "lingersMs", "timeoutMs", "goneAfterMs"].entries()) {
    const ms = copy[key];
    if (typeof ms !== "number" || ms === 0) continue;
    // Of a second a part that is a power of two: sums and products of such times are exact.
    const part = (Math.imul(index * 4 + slot + 1, 0x9e3779b1) >>> 14) / 2 ** 24;
    copy[key] = (ms / 1000 + part) * 1000;
  }
  return copy as Operation;
}

function inModel(model: SandboxModel, operation: Operation, reply: (told: Expected) => void): void {
  switch (operation.do) {
    case "create":
      model.create(operation.worker, operation.type, reply);
      break;
    case "execute":
      model.execute(operation, reply);
      break;
    case "destroy":
      model.destroy(operation.worker, operation.type, reply);
      break;
    case "disconnect":
      model.disconnect(operation.worker, reply);
      break;
    case "refresh":
      model.refresh(operation.worker, operation.type, reply);
      break;
    case "warmup":
      model.warmup(operation.type, reply);
      break;
    case "crash":
      model.crash(operation.type);
      break;
    case "mode":
      model.sessions.modes[operation.type][operation.step] = operation;
      break;
    case "advance":
      model.agenda.advance(operation.ms);
  }
}

function inSandbox(fakes: Fakes, operation: Operation): Promise<Given> | undefined {
  const { server, backEnd, rag, clock } = fakes;
  const fakeOf = (type: string) => (type === "vm" ? backEnd : rag);
  switch (operation.do) {
    case "create":
      return server.createSession(bodyOf(operation)).then(givenData);
    case "execute":
      return execute(server, clock, operation);
    case "destroy":
      return server.destroySession(bodyOf(operation)).then(givenData);
    case "disconnect": {
      const answer = server.disconnect({ worker_id: operation.worker });
      return answer.then(({ code, data }) => {
        return { code, count: (data as { sessions_cleaned: number }).sessions_cleaned };
      });
    }
    case "refresh": {
      const { worker: worker_id, type: resource_type } = operation;
      return server.refreshSession({ worker_id, resource_type }).then(givenData);
    }
    case "warmup": {
      const result = server.warmup({ backends: [operation.type] });
      return result.then(({ status }) => ({ code: status === "success" ? 0 : 1 }));
    }
    case "crash":
      fakeOf(operation.type).crash();
      return undefined;
    case "mode":
      fakeOf(operation.type).modes[operation.step] = operation;
      return undefined;
    case "advance":
      return undefined;
  }
}

const bodyOf = ({ worker, type }: { worker: string; type: string }) => ({
  worker_id: worker,
  resource_type: type,
});

function givenData({ code, data }: Answer): Given {
  const { session_id, refreshed_count } = (data ?? {}) as Record<string, unknown>;
  if (typeof refreshed_count === "number") return { code, count: refreshed_count };
  return typeof session_id === "string" ? { code, id: session_id } : { code };
}

async function execute(
  server: SandboxServer,
  clock: Fakes["clock"],
  operation: Extract<Operation, { do: "execute" }>,
): Promise<Given> {
  const { worker, type, tool, ms, raises, lingersMs, timeoutMs, goneAfterMs } = operation;
  const caller = new AbortController();
  if (goneAfterMs !== undefined) clock.setTimeout(() => caller.abort(), goneAfterMs);
  const timeout = timeoutMs === undefined ? undefined : timeoutMs / 1000;
  const params = { ms, raises, lingersMs };
  const body = { worker_id: worker, action: `${type}:${tool}`, params, timeout };
  const { code, meta, data } = await server.execute(body, caller);
  const { session_id: id, temporary_session, note } = meta;
  if (code === 0) same("the session that the tool saw", (data as { session: unknown }).session, id);
  return {
    code,
    ...(id === null ? {} : { id }),
    ...(temporary_session ? { temporary: true, note: note !== undefined } : {}),
  };
}

async function compare(
  fakes: Fakes,
  model: SandboxModel,
  given: Told<Given>[],
  expected: Told<Expected>[],
): Promise<void> {
  same("time", fakes.clock.now(), model.agenda.now);
  compareAnswers(given, expected);
  for (const worker_id of workers) {
    const { sessions } = dataOf(await fakes.server.listSessions({ worker_id }));
    const found = (sessions as { status: string }[]).map(({ status }) => status).toSorted();
    same(`sessions of ${worker_id}`, found, model.statuses(worker_id));
  }
  const counts = [fakes.backEnd, fakes.rag].flatMap((fake) => [...fake.counts.values()]);
  const cleaned = counts.reduce((sum, count) => sum + count.cleaned, 0);
  same("initialized", counts.length, model.sessions.initialized);
  same("cleaned up", cleaned, model.sessions.cleanups);
}

/** Those that the model has before `end`; if there is no end, the sandbox may have no others. */
function compareAnswers(given: Told<Given>[], expected: Told<Expected>[], end?: number): void {
  const ids = new Map<number, string>();
  for (let index = 0; index < Math.max(given.length, expected.length); index++) {
    const told = given[index];
    const due = expected[index];
    if (end !== undefined && (due?.at ?? end) >= end) continue;
    const { id, ...what } = told?.what ?? {};
    const { session, ...dueWhat } = due?.what ?? {};
    same(`answer ${index}`, { at: told?.at, ...what }, { at: due?.at, ...dueWhat });
    same(`answer ${index} has a session`, id !== undefined, session !== undefined);
    if (id === undefined || session === undefined) continue;
    same(`session of answer ${index}`, id, ids.get(session) ?? id);
    ids.set(session, id);
  }
  same("sessions told apart", new Set(ids.values()).size, ids.size);
}

function same(what: string, found: unknown, expected: unknown): void {
  const [a, b] = [JSON.stringify(found), JSON.stringify(expected)];
  if (a !== b) throw new Error(`${what}: the sandbox says ${a}, the model ${b}`);
}
