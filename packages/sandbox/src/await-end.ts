import { TrError } from "@tr/protocol/errors";
import { probe } from "./probe.js";
import type { Requests } from "./requests.js";
import { isAlive } from "./server-notes.js";

const pauseMs = 25;

/**
 * Prepares the wait for a server's end, before it is asked to end: its note, with its process id, goes first.
 * Of a server elsewhere, nothing answering any more is its end.
 */
export function watchEnd(requests: Requests) {
  const { pid, url } = requests.place;
  return async ({
    deadline,
    timeoutMs,
    signal,
  }: {
    /** As `performance.now()` counts. */
    deadline: number;
    timeoutMs: number;
    signal?: AbortSignal | undefined;
  }): Promise<void> => {
    const isThere = async () =>
      pid !== undefined ? isAlive(pid) : (await probe(requests, signal)) !== "nothing";
    while (await isThere()) {
      if (performance.now() > deadline) {
        const text = `the server at ${url} has not ended within ${timeoutMs} ms; it has been asked to`;
        throw new TrError("TR_CALL_TIMEOUT", text, { timeoutMs });
      }
      await requests.pause(pauseMs, signal);
    }
  };
}
