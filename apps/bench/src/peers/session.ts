import { join } from "node:path";
import { PythonSession, type SessionOptions } from "@tr/session";
import { tensor } from "@tr/tsr-codec";
import type { PeerKind } from "../peer.js";
import { workerScript } from "../place.js";

interface Row {
  readonly name: string;
  readonly title: string;
  readonly options: SessionOptions;
}

/** One row for each way in which a session can carry its messages. */
const rows: readonly Row[] = [
  { name: "session-file", title: "@tr/session, files", options: { transport: "file" } },
  {
    name: "session-memory",
    title: "@tr/session, shared memory",
    options: { transport: "shared-memory" },
  },
];

export const sessionKinds: readonly PeerKind[] = rows.map(({ name, title, options }) => ({
  name,
  title,
  group: "session",
  open(place) {
    const script = workerScript("session_worker.py");
    const session = new PythonSession({ ...options, script, python: place.python });
    return {
      start: () => session.start(),
      echo: (text) => session.call<string>("echo", [text]),
      async square(values) {
        const { data } = await session.calculate("square", tensor(values, [values.length]));
        return data as Float32Array;
      },
      stop: () => session.close(),
      get directory() {
        const { info } = session;
        return info && join(info.workspace, "python_session", `tr_session_${info.sessionId}`);
      },
    };
  },
}));
