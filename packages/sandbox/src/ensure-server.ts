import { randomUUID } from "node:crypto";
import { TrError } from "@tr/protocol/errors";
import { type Detached, type End, startDetached } from "./detached.js";
import { probe } from "./probe.js";
import type { Requests } from "./requests.js";

export interface EnsureOptions {
  /** Asked for only when nothing answers. */
  readonly command: () => readonly [string, ...string[]];
  readonly cwd: string;
  readonly env: NodeJS.ProcessEnv;
  readonly timeoutMs: number;
  readonly signal: AbortSignal | undefined;
}

const firstPauseMs = 20;
const longestPauseMs = 250;
const stopGraceMs = 3000;

/**
 * Resolves when the server is ready; it is started if none answers. Of two programs that start one at once, the
 * server of one ends because the port is taken, and both use the other.
 *
 * @throws TrError `TR_SANDBOX_START_FAILED`, `TR_SANDBOX_UNREACHABLE`, `TR_CANCELLED`
 */
export async function ensureServer(requests: Requests, options: EnsureOptions): Promise<void> {
  const { signal, timeoutMs } = options;
  const deadline = performance.now() + timeoutMs;
  const startId = randomUUID();
  let server: Detached | undefined;
  let end: End | undefined;
  try {
    for (let pauseMs = firstPauseMs; ; pauseMs = Math.min(pauseMs * 1.5, longestPauseMs)) {
      const known = end;
      const found = await probe(requests, signal);
      if (found === "ready") break;
      // Asked after its end, nothing answers: the port is nobody's.
      if (found === "nothing" && known !== undefined && server) throw failed(known, server);
      if (performance.now() > deadline) throw notReady(timeoutMs, requests, server);
      // Also where one has just answered: it was ending.
      if (found === "nothing" && server === undefined) {
        server = start(options, startId);
        void server.ended.then((how) => {
          end = how;
        });
      }
      const pause = requests.pause(pauseMs, signal);
      await (server === undefined || end !== undefined
        ? pause
        : Promise.race([pause, server.ended]));
      pause.catch(() => {}); // when the server's end came first
    }
  } catch (error) {
    await server?.stop(stopGraceMs);
    throw error;
  }
  requests.forget(); // its note may be younger than the look that found its address
  // Another's may have been faster. Ours is not left to find its port free later, when that has ended.
  const { pid, startId: answering } = requests.place;
  if (server !== undefined && pid !== undefined && answering !== startId) {
    await server.stop(stopGraceMs);
  }
  server?.letGo();
}

function start({ command, cwd, env }: EnsureOptions, startId: string): Detached {
  try {
    return startDetached(command(), { cwd, env: { ...env, TR_START_ID: startId } });
  } catch (cause) {
    if (TrError.is(cause)) throw cause;
    const text = `the server cannot be started: ${(cause as Error).message}`;
    throw new TrError("TR_SANDBOX_START_FAILED", text, { logTail: "", cause });
  }
}

function failed(end: End, { logFile, logTail }: Detached): TrError {
  if ("error" in end) {
    const text = `the server cannot be started: ${end.error.message}; see the option serverCommand`;
    return new TrError("TR_SANDBOX_START_FAILED", text, { logTail: "", cause: end.error });
  }
  const how = end.signal ?? `exit code ${end.exitCode}`;
  const tail = logTail();
  const text = `the server ended (${how}) before it was ready; its log ${logFile} ends with:\n${tail}`;
  return new TrError("TR_SANDBOX_START_FAILED", text, { ...end, logFile, logTail: tail });
}

function notReady(timeoutMs: number, { place }: Requests, server: Detached | undefined): TrError {
  if (server === undefined) {
    const fields = { url: place.url ?? "", mayHaveRun: false };
    const text = `the server at ${place.url} was not ready within ${timeoutMs} ms`;
    return new TrError("TR_SANDBOX_UNREACHABLE", text, fields);
  }
  const { logFile } = server;
  const logTail = server.logTail();
  const text = `the server was not ready within ${timeoutMs} ms and was stopped; raise timeoutMs, or see its log ${logFile}, which ends with:\n${logTail}`;
  return new TrError("TR_SANDBOX_START_FAILED", text, { logFile, logTail });
}
