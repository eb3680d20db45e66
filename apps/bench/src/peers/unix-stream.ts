import { once } from "node:events";
import { connect, type Socket } from "node:net";
import { bytesOf } from "../bytes.js";
import { needsUnixSockets, type PeerKind } from "../peer.js";
import { socketFolder } from "../socket-folder.js";
import { Worker } from "../worker.js";

/**
 * A byte stream on a Unix socket, tuned: both sides know how much they get and read it straight to where
 * it stays (`onread` here, `recv_into` there), with large socket buffers.
 */
export const unixStream: PeerKind = {
  name: "unix-stream",
  title: "tuned Unix-socket stream",
  group: "peer",
  unavailable: needsUnixSockets,
  open(place) {
    const folder = socketFolder();
    const worker = new Worker(place, "unix_stream.py", [folder.path], "pipe");
    // Node chooses the memory for a read right after the one before: the first part of an answer lands here.
    const landing: Buffer = Buffer.alloc(65_536);
    let socket: Socket;
    let into = landing.subarray(0, 0);
    let filled = 0;
    let resolve: (() => void) | undefined;
    const receive = (target: Buffer): Promise<void> => {
      into = target;
      filled = 0;
      return new Promise((done) => {
        resolve = done;
      });
    };
    const send = (what: number, content: Buffer) => {
      const head = Buffer.allocUnsafe(5);
      head.writeUInt8(what, 0);
      head.writeUInt32LE(content.length, 1);
      socket.cork();
      socket.write(head);
      socket.write(content);
      socket.uncork();
    };
    return {
      async start() {
        await worker.firstLine();
        socket = connect({
          path: folder.path,
          onread: {
            buffer: () => (filled < into.length ? into.subarray(filled) : landing),
            callback(bytes) {
              if (filled === 0) landing.copy(into, 0, 0, bytes);
              filled += bytes;
              if (filled === into.length) resolve?.();
              return true;
            },
          },
        });
        await once(socket, "connect");
      },
      async echo(text) {
        const content = Buffer.from(JSON.stringify(text));
        const answer = Buffer.allocUnsafe(content.length);
        const received = receive(answer);
        send(0, content);
        await received;
        return JSON.parse(answer.toString());
      },
      async square(values) {
        const squared = new Float32Array(values.length);
        const received = receive(bytesOf(squared));
        send(1, bytesOf(values));
        await received;
        return squared;
      },
      async stop() {
        socket.end();
        await worker.stop();
        folder.remove();
      },
    };
  },
};
