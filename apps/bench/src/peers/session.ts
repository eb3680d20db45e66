import { fileURLToPath } from "node:url";
import { PythonSession } from "@tr/session";
import { tensor } from "@tr/tsr-codec";
import type { Peer } from "../peer.js";

export function sessionPeer(): Peer {
  const script = fileURLToPath(new URL("../workers/session_worker.py", import.meta.url));
  const session = new PythonSession({ script });
  return {
    name: "@tr/session, files",
    start: () => session.start(),
    echo: (text) => session.call<string>("echo", [text]),
    async square(values) {
      const { data } = await session.calculate("square", tensor(values, [values.length]));
      return data as Float32Array;
    },
    stop: () => session.close(),
  };
}
