import { join } from "node:path";
import { PythonSession, type SessionInfo, type SessionOptions } from "@tr/session";
import { type Tensor, tensor } from "@tr/tsr-codec";
import type { PeerKind, Stamped } from "../peer.js";
import { workerScript } from "../place.js";
import { withoutKoffi } from "../without-koffi.js";

interface Row {
  readonly name: string;
  readonly title: string;
  readonly options: SessionOptions;
  /** What `session.info.transport` must say: a session that carries its messages in another way is not this row. */
  readonly transport: SessionInfo["transport"];
  readonly hidesKoffi?: boolean;
  /** Its tensors live in memory that both sides see: inputs, and results that Python writes into. */
  readonly sharesTensors?: boolean;
  readonly unavailable?: () => string | undefined;
}

const shared: SessionOptions = { transport: "shared-memory" };
const unlessLinux = () =>
  process.platform === "linux" ? undefined : "memory is mapped on Linux only";

/** One row for each way in which a session can carry its messages. */
const rows: readonly Row[] = [
  {
    name: "session-file",
    title: "@tr/session, files",
    options: { transport: "file" },
    transport: "file",
  },
  {
    name: "session-memory",
    title: "@tr/session, no native code",
    options: shared,
    transport: "shared-memory",
    hidesKoffi: true,
  },
  {
    name: "session-mapped",
    title: "@tr/session, mapped",
    options: shared,
    transport: "mapped",
    unavailable: unlessLinux,
  },
  {
    name: "session-tensors",
    title: "@tr/session, mapped tensors",
    options: shared,
    transport: "mapped",
    sharesTensors: true,
    unavailable: unlessLinux,
  },
];

/** @throws Error when it has become another row's session, with the session's reason. */
export async function startAs(
  transport: SessionInfo["transport"],
  session: PythonSession,
): Promise<void> {
  await session.start();
  const { info } = session;
  if (info?.transport === transport) return;
  await session.close();
  throw new Error(
    `expected info.transport ${transport}, found ${info?.transport}: ${info?.transportReason}`,
  );
}

const nowNs = (): number => Number(process.hrtime.bigint());

/** The same calls as `echo` and `square`, of functions that say when they began and ended. */
async function stamped<T extends string | Float32Array>(
  session: PythonSession,
  content: T,
  outOf?: (floats: number) => Tensor,
): Promise<Stamped<T>> {
  const isText = typeof content === "string";
  const values = isText ? [content] : [tensor(content, [content.length])];
  const out = isText || outOf === undefined ? [] : [outOf(content.length)];
  const startNs = nowNs();
  const call = session.call<[number, number, string | { data: Float32Array }]>(
    isText ? "stamped_echo" : "stamped_square",
    [...values, ...out],
  );
  const calledNs = nowNs();
  const [enteredNs, leftNs, result] = await call;
  const endNs = nowNs();
  const answer = (typeof result === "string" ? result : result.data) as T;
  return { startNs, calledNs, enteredNs, leftNs, endNs, answer };
}

export const sessionKinds: readonly PeerKind[] = rows.map(
  ({ name, title, options, transport, hidesKoffi, sharesTensors, unavailable }) => ({
    name,
    title,
    group: "session",
    isForArrays: sharesTensors === true,
    ...(unavailable && { unavailable }),
    open(place) {
      if (hidesKoffi) withoutKoffi();
      const script = workerScript("session_worker.py");
      const session = new PythonSession({ ...options, script, python: place.python });
      const unused: Tensor[] = [];
      const outOf = (floats: number): Tensor => {
        const at = unused.findIndex(({ data }) => data.length === floats);
        return at === -1 ? session.allocate([floats]) : (unused.splice(at, 1)[0] as Tensor);
      };
      return {
        start: () => startAs(transport, session),
        echo: (text) => session.call<string>("echo", [text]),
        async square(values) {
          const x = tensor(values, [values.length]);
          const { data } = sharesTensors
            ? await session.calculate("square_into", x, outOf(values.length))
            : await session.calculate("square", x);
          return data as Float32Array;
        },
        ...(sharesTensors && {
          input: (floats: number) => session.allocate([floats]).data,
          release: (squared: Float32Array) => unused.push(tensor(squared, [squared.length])),
        }),
        stamped: (content) => stamped(session, content, sharesTensors ? outOf : undefined),
        stop: () => session.close(),
        get directory() {
          const { info } = session;
          return info && join(info.workspace, "python_session", `tr_session_${info.sessionId}`);
        },
      };
    },
  }),
);
