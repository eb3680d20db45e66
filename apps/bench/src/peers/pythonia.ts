import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { bytesOf, floatsOf } from "../bytes.js";
import type { PeerKind } from "../peer.js";
import { workerScript } from "../place.js";

interface Bench {
  echo(text: string): Promise<string>;
  square(base64: string): Promise<string>;
}

/** https://github.com/extremeheat/JSPyBridge */
interface Pythonia {
  python: { (file: string): Promise<Bench>; exit(): void };
  com: { proc: ChildProcess | null };
}

/** Typed arrays would go as references, one round trip per element: base64 is the quickest that it has. */
export const pythonia: PeerKind = {
  name: "pythonia",
  title: "pythonia",
  group: "peer",
  npm: "pythonia",
  isText: true,
  isSingle: true,
  open(place) {
    process.env.PYTHON_BIN = place.python;
    // Loading it starts Python the first time, calling `python` every further time.
    const { python, com } = place.load<Pythonia>("pythonia");
    let bench: Bench;
    return {
      async start() {
        bench = await python(workerScript("pythonia_worker.py"));
      },
      echo: (text) => bench.echo(text),
      async square(values) {
        const answer = await bench.square(bytesOf(values).toString("base64"));
        return floatsOf(Buffer.from(answer, "base64"));
      },
      async stop() {
        const exited = com.proc && once(com.proc, "exit");
        python.exit();
        await exited;
      },
    };
  },
};
