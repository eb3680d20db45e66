import { bytesOf, floatsOf } from "../bytes.js";
import { needsUnixSockets, type PeerKind } from "../peer.js";
import { socketFolder } from "../socket-folder.js";
import { Worker } from "../worker.js";

type Identity = (bytes: Buffer) => Buffer;

/** https://github.com/grpc/grpc-node/tree/master/packages/grpc-js */
interface Grpc {
  Client: new (
    address: string,
    credentials: unknown,
    options: Record<string, number>,
  ) => {
    makeUnaryRequest(
      method: string,
      serialize: Identity,
      deserialize: Identity,
      argument: Buffer,
      callback: (error: Error | null, value?: Buffer) => void,
    ): unknown;
    close(): void;
  };
  credentials: { createInsecure(): unknown };
}

const same: Identity = (bytes) => bytes;

/** Methods that take and give bytes: quicker than with protocol buffers, which would copy every array once more on each side. */
export const grpc: PeerKind = {
  name: "grpc",
  title: "gRPC on a Unix socket",
  group: "peer",
  npm: "@grpc/grpc-js",
  pypi: ["grpcio"],
  unavailable: needsUnixSockets,
  open(place) {
    const folder = socketFolder();
    const worker = new Worker(place, "grpc_worker.py", [`unix:${folder.path}`], "pipe");
    const { Client, credentials } = place.load<Grpc>("@grpc/grpc-js");
    const client = new Client(`unix:${folder.path}`, credentials.createInsecure(), {
      "grpc.max_send_message_length": -1,
      "grpc.max_receive_message_length": -1,
    });
    const ask = (method: string, content: Buffer) =>
      new Promise<Buffer>((resolve, reject) => {
        client.makeUnaryRequest(`/Bench/${method}`, same, same, content, (error, value) => {
          if (value === undefined) reject(error);
          else resolve(value);
        });
      });
    return {
      async start() {
        await worker.firstLine();
      },
      echo: async (text) =>
        JSON.parse((await ask("Echo", Buffer.from(JSON.stringify(text)))).toString()),
      square: async (values) => floatsOf(await ask("Square", bytesOf(values))),
      async stop() {
        client.close();
        await worker.stop();
        folder.remove();
      },
    };
  },
};
