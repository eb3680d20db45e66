import { once } from "node:events";
import { closeSync, constants, openSync } from "node:fs";
import { createServer, type Socket } from "node:net";

/** What a forked worker has connected to. */
export interface WorkerPipes {
  readonly pid: number;
  /** Its stdin, stdout and stderr, and its bell if it was to have one. */
  readonly pipes: readonly Socket[];
}

export interface PipeListener {
  /** Resolves when the worker has opened all and has said who it is; then it waits for a byte of its stdin. Never rejects. */
  readonly connected: Promise<WorkerPipes>;
  /** Lets nobody else in. */
  close(): void;
  /** Closes what there is: a worker that waits ends. */
  drop(): void;
}

const name = "stdio.sock";

/**
 * Waits in a session's directory for the pipes of a worker that is not this program's child. Node can
 * pass descriptors only to Node, so the worker connects by itself, once for each pipe, in their order:
 * stream sockets of the kind that a started worker gets, and no process in between.
 */
export async function listenForPipes(directory: string, count: number): Promise<PipeListener> {
  const pipes: Socket[] = [];
  let isComplete = false;
  let resolve: (worker: WorkerPipes) => void;
  const connected = new Promise<WorkerPipes>((onConnected) => {
    resolve = onConnected;
  });
  const server = createServer((socket) => {
    socket.on("error", () => {}); // followed by close
    if (pipes.push(socket) < count) return;
    if (pipes.length > count) {
      socket.destroy();
      return;
    }
    let said = "";
    pipes[0]?.on("data", (chunk: Buffer) => {
      if (isComplete) return;
      said += chunk.toString("latin1");
      if (!said.endsWith("\n")) return;
      isComplete = true;
      resolve({ pid: Number(said), pipes });
    });
  });
  server.unref();
  // By way of /proc, since the path of a socket has room for 107 bytes.
  const folder = openSync(directory, constants.O_RDONLY | constants.O_DIRECTORY);
  try {
    server.listen(`/proc/self/fd/${folder}/${name}`);
    await once(server, "listening");
  } catch (error) {
    closeSync(folder);
    throw error;
  }
  return {
    connected,
    close() {
      server.close(); // removes the file in this very turn, by the path through `folder`
      closeSync(folder);
    },
    drop() {
      for (const pipe of pipes) pipe.destroy();
    },
  };
}
