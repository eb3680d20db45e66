import { bytesOf, floatsOf } from "../bytes.js";
import { needsUnixSockets, type PeerKind } from "../peer.js";
import { socketFolder } from "../socket-folder.js";
import { Worker } from "../worker.js";

/** https://github.com/zeromq/zeromq.js */
interface ZeroMq {
  Request: new () => {
    connect(address: string): void;
    send(parts: readonly (string | Buffer)[]): Promise<void>;
    receive(): Promise<Buffer[]>;
    close(): void;
  };
}

export const zeromq: PeerKind = {
  name: "zeromq",
  title: "zeromq + pyzmq, ipc",
  group: "peer",
  npm: "zeromq",
  pypi: ["pyzmq"],
  unavailable: needsUnixSockets,
  open(place) {
    const folder = socketFolder();
    const worker = new Worker(place, "zeromq_worker.py", [`ipc://${folder.path}`], "inherit");
    const socket = new (place.load<ZeroMq>("zeromq").Request)();
    const ask = async (what: string, content: Buffer): Promise<Buffer> => {
      await socket.send([what, content]);
      const [answer] = await socket.receive();
      if (answer === undefined) throw new Error("zeromq: an answer without content");
      return answer;
    };
    return {
      async start() {
        socket.connect(`ipc://${folder.path}`); // it connects when the other side is there
      },
      echo: async (text) =>
        JSON.parse((await ask("e", Buffer.from(JSON.stringify(text)))).toString()),
      square: async (values) => floatsOf(await ask("s", bytesOf(values))),
      async stop() {
        socket.close();
        await worker.stop();
        folder.remove();
      },
    };
  },
};
