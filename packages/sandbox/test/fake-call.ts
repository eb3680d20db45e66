import { TrError } from "@tr/protocol/errors";
import type { Running, SessionSeed, ToolAnswer } from "../src/server/back-end.js";
import type { Clock } from "../src/server/clock.js";

/** What `params` may tell a fake tool to do. */
export interface Behaviour {
  /** How long it runs. */
  ms?: number;
  /** It raises at its end. */
  raises?: boolean;
  /** Cancelled, it goes on for so long; a plain function to its own end in any case. */
  lingersMs?: number;
  /** Its own envelope. */
  answers?: ToolAnswer;
}

export const crashed = () =>
  new TrError("TR_WORKER_CRASHED", "the process died", {
    exitCode: null,
    signal: "SIGKILL",
    oom: false,
    stderrTail: "",
  });

export interface FakeCall {
  clock: Clock;
  behaviour: Behaviour;
  /** A plain function, which no cancel stops. */
  isPlain: boolean;
  signal: AbortSignal;
  seed?: SessionSeed | undefined;
  /** The end of its process. */
  died?: Promise<void>;
  /** Ends its process, when a cancelled tool does not end in time. */
  kill?: () => void;
}

/** As `cancelGraceMs` of a real process. */
export const killAfterMs = 800;

/** Runs a tool that is told what to do. */
export function runFake(call: FakeCall): Running {
  const { clock, behaviour, isPlain, signal, seed, died, kill } = call;
  const { ms = 0, raises = false, lingersMs = 0, answers } = behaviour;
  const answer = Promise.withResolvers<ToolAnswer>();
  const ended = Promise.withResolvers<void>();
  let isOver = false;
  const finish = () => {
    isOver = true;
    ended.resolve();
    if (signal.aborted) answer.reject(new TrError("TR_CANCELLED", "cancelled"));
    else if (raises) answer.resolve({ code: 5005, message: "boom", data: null, meta: {} });
    else {
      const data = { session: seed?.session_id ?? null, worker: seed?.worker_id ?? null };
      answer.resolve(answers ?? { code: 0, message: "success", data, meta: {} });
    }
  };
  const finishIn = (delayMs: number) => {
    if (delayMs > 0) return clock.setTimeout(finish, delayMs);
    queueMicrotask(finish);
    return undefined;
  };
  let alarm = finishIn(ms);
  signal.addEventListener("abort", () => {
    if (kill) clock.setTimeout(() => isOver || kill(), killAfterMs);
    if (isPlain) return;
    alarm?.cancel();
    alarm = finishIn(lingersMs);
  });
  void died?.then(() => {
    isOver = true;
    alarm?.cancel();
    answer.reject(crashed());
    ended.resolve();
  });
  return { answer: answer.promise, ended: ended.promise };
}
