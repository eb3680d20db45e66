import { bytesOf, floatsOf } from "../bytes.js";
import { FrameReader } from "../frame-reader.js";
import type { PeerKind } from "../peer.js";
import { Worker } from "../worker.js";

/** Length-prefixed messages on stdin and stdout: a byte that says what, four bytes of length, the content. */
export const stdioFramed: PeerKind = {
  name: "stdio-framed",
  title: "raw stdio, length-prefixed",
  group: "peer",
  open(place) {
    const worker = new Worker(place, "stdio_framed.py", [], "pipe");
    const { stdin, stdout } = worker.process;
    if (stdin === null || stdout === null) throw new Error("the worker has no pipes");
    const reader = new FrameReader();
    stdout.on("data", (chunk: Buffer) => reader.push(chunk));
    const ask = (what: number, content: Buffer): Promise<Buffer> => {
      const answer = reader.next();
      const head = Buffer.allocUnsafe(5);
      head.writeUInt8(what, 0);
      head.writeUInt32LE(content.length, 1);
      if (content.length < 65_536) stdin.write(Buffer.concat([head, content]));
      else {
        stdin.cork();
        stdin.write(head);
        stdin.write(content);
        stdin.uncork();
      }
      return answer;
    };
    return {
      async start() {},
      echo: async (text) =>
        JSON.parse((await ask(0, Buffer.from(JSON.stringify(text)))).toString()),
      square: async (values) => floatsOf(await ask(1, bytesOf(values))),
      stop: () => worker.stop(),
    };
  },
};
