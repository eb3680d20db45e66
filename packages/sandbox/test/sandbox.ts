import { tmpdir } from "node:os";
import type { Answer } from "../src/server/answer.js";
import { type SandboxParts, SandboxServer } from "../src/server/sandbox-server.js";
import { FakeApi, FakeBackEnd } from "./fake-back-end.js";
import type { Behaviour } from "./fake-call.js";
import { settle, VirtualClock } from "./virtual-clock.js";

export const worker_id = "w1";
export const vm = { worker_id, resource_type: "vm" };
export const action = (name: string, params: Behaviour = {}, more: object = {}) => ({
  worker_id,
  action: name,
  params: { ...params },
  ...more,
});

/** What was done to a back end since it was loaded, without the ids. */
export const steps = ({ log }: FakeBackEnd) => log.slice(1).map((line) => line.split(" ")[0]);

/** A server over fake back ends, `vm` and `rag`, and a stateless `echo`, started. */
export async function fakeSandbox(parts: Partial<SandboxParts> = {}) {
  const clock = new VirtualClock();
  const backEnd = new FakeBackEnd("vm", clock);
  const rag = new FakeBackEnd("rag", clock);
  const lines: { level: string; fields: object; message: string }[] = [];
  const line = (level: string) => (fields: object, message: string) =>
    void lines.push({ level, fields, message });
  const log = {
    debug: line("debug"),
    info: line("info"),
    warn: line("warn"),
    error: line("error"),
  };
  const server = new SandboxServer({
    backEnds: [backEnd, rag],
    apis: [new FakeApi(clock, "echo")],
    log,
    folder: tmpdir(),
    clock,
    ...parts,
  });
  await server.start();
  return { server, clock, backEnd, rag, lines };
}

/** What a promise gave once all that waits for no time has been done; undefined: nothing yet. */
export async function now<T>(promise: Promise<T>): Promise<T | undefined> {
  let value: T | undefined;
  void promise.then((result) => {
    value = result;
  });
  await settle();
  return value;
}

export const dataOf = ({ data }: Answer) => data as Record<string, unknown>;

export async function statuses(server: SandboxServer): Promise<string[]> {
  const { sessions } = dataOf(await server.listSessions({ worker_id }));
  return (sessions as { status: string }[]).map(({ status }) => status);
}
