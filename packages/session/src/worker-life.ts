import type { TrError } from "@tr/protocol/errors";
import { crashError, startFailed } from "./errors.js";
import { Exchange } from "./exchange.js";
import type { WorkerFacts } from "./first-status.js";
import { HeartbeatWatch } from "./heartbeat-watch.js";
import { liveWorkers } from "./live-workers.js";
import type { ResolvedOptions } from "./options.js";
import { concurrencyOf } from "./requests.js";
import { callListener, type SessionEvents } from "./session-emitter.js";
import type { SessionHealth } from "./session-health.js";
import { bellName, lastStatus, type RunningWorker } from "./start-worker.js";
import { askToLeave, type StopLadder, stopWorker } from "./stop-worker.js";
import { killedBecause } from "./stopped-errors.js";
import { type ChosenTransport, chooseTransport } from "./transport.js";
import type { Exit } from "./worker-process.js";
import { removeSessionDirectory } from "./workspace.js";

/** A worker that has said what it is, and the requests to it. */
export interface ReadyWorker {
  readonly worker: RunningWorker;
  readonly facts: WorkerFacts;
  readonly exchange: Exchange;
  readonly transport: ChosenTransport;
}

/** Why a process has ended. `isFailure`: nobody had wanted it to. */
export interface Ending {
  readonly reason: TrError;
  readonly isFailure: boolean;
}

/** What a worker needs to know of its session. */
export interface LifeOptions {
  readonly options: ResolvedOptions;
  nextId(): string;
  onPending(unanswered: number): void;
  /** It is ended although nobody asked: a start waits for the end. */
  onStopping(): void;
  tell<Name extends keyof SessionEvents>(name: Name, value: SessionEvents[Name][0]): void;
  hasListener(name: keyof SessionEvents): boolean;
}

/** How long terminating waits after SIGTERM. It does not ask. */
export const terminateLadder: StopLadder = { requestMs: 0, termMs: 1000 };

/** One process of a session, from its spawn until nothing is left of it. */
export class WorkerLife {
  readonly worker: RunningWorker;
  /** Resolves when the process has ended and its directory is gone. */
  readonly gone: Promise<void>;
  #ready: ReadyWorker | undefined;
  #ending: Ending | undefined;
  #heartbeat: HeartbeatWatch | undefined;
  /** In ms since 1970. */
  #busySince: number | undefined;

  /** @param onEnd called when the process has ended, its directory still there */
  constructor(worker: RunningWorker, onEnd: (exit: Exit, ending: Ending) => void) {
    this.worker = worker;
    this.gone = this.#untilGone(onEnd);
  }

  get ready(): ReadyWorker | undefined {
    return this.#ready;
  }

  get ending(): Ending | undefined {
    return this.#ending;
  }

  /** The worker has said that it is ready. @throws TrError as {@link chooseTransport} */
  becomesReady(facts: WorkerFacts, session: LifeOptions): void {
    const { worker } = this;
    const { cancelGraceMs } = session.options;
    let release: (() => void) | undefined;
    let isAwaited = false;
    let isReleasing = false;
    // In a later turn: one call after the other would let go of the process and hold it again each time.
    const releaseSoon = () => {
      if (isReleasing) return;
      isReleasing = true;
      setImmediate(() => {
        isReleasing = false;
        if (isAwaited) return;
        release?.();
        release = undefined;
      });
    };
    const transport = chooseTransport(worker, facts.level, session.options.transport);
    if (facts.level === 2 && facts.workerInfo.bell) {
      worker.channel.listenTo(bellName);
      worker.channel.reuseFiles();
    }
    const exchange = new Exchange({
      channel: worker.channel,
      connection: transport.connection,
      level: facts.level,
      concurrency: concurrencyOf(facts),
      cancelGraceMs,
      nextId: session.nextId,
      announceCancel: () => announceCancel(facts),
      onStuck: (command) =>
        this.#kill(
          `${command} was cancelled and did not end within ${cancelGraceMs} ms (option cancelGraceMs)`,
        ),
      onBroken: (reason) => {
        this.expectEnd({ reason, isFailure: true });
        session.onStopping();
        void this.stop(terminateLadder);
      },
      onProgress: ({ id, request: { command }, limits: { onProgress } }, progress) => {
        if (onProgress) callListener(() => onProgress(progress));
        session.tell("progress", { command, requestId: id, ...progress });
      },
      onPending: (counts) => {
        const { unanswered } = counts;
        isAwaited = counts.isAwaited;
        if (isAwaited) release ??= worker.process.hold();
        else if (release !== undefined) releaseSoon();
        if (unanswered === 0) this.#busySince = undefined;
        // Not by the wall clock, which may jump.
        else this.#busySince ??= Math.floor(performance.timeOrigin + performance.now());
        session.onPending(unanswered);
      },
    });
    this.#ready = { worker, facts, exchange, transport };
    if (facts.level === 2) this.#watch(session);
  }

  /** @param generation which process of the session this is */
  health(generation: number): SessionHealth {
    this.#heartbeat?.look();
    const alive = !this.worker.process.hasExited;
    const { last, pulse } = this.#heartbeat ?? {};
    const isSilent = pulse?.isUnresponsive === true;
    return {
      status: !alive ? "gone" : isSilent ? "unresponsive" : "responsive",
      alive,
      ...(alive && this.#busySince !== undefined && { busySince: this.#busySince }),
      ...(alive && last && pulse && { heartbeatAgeMs: Math.round(pulse.silentMs) }),
      ...(alive && last?.rssBytes !== undefined && { rssBytes: last.rssBytes }),
      callsServed: this.#ready?.exchange.served ?? 0,
      generation,
    };
  }

  /** Somebody is going to listen to its heartbeat. */
  listenToHeart(): void {
    this.#heartbeat?.listen();
  }

  /** The process is going to end, and this is why; what was said first counts. */
  expectEnd(ending: Ending): void {
    this.#ending ??= ending;
  }

  /** Pending requests fail with `reason` now, whatever the process still says. */
  failPending(reason: TrError): void {
    this.#ending = { reason, isFailure: false };
    this.#ready?.exchange.fail(reason);
  }

  /** Asks it to leave when it has answered. @throws TrError when it cannot be told */
  askToLeave(): void {
    this.#ready?.exchange.leaving();
    askToLeave(this.worker, this.#ready?.facts.level);
  }

  /** Walks down the ladder. True: it left because it was asked to. */
  stop(ladder: StopLadder): Promise<boolean> {
    this.#ready?.exchange.leaving();
    return stopWorker(this.worker, this.#ready?.facts.level, ladder);
  }

  #watch({ options, tell, hasListener }: LifeOptions): void {
    this.#heartbeat = new HeartbeatWatch(this.worker.channel, {
      isHeard: () => hasListener("heartbeat"),
      onBeat: ({ seq, phase, id, rssBytes }) =>
        tell("heartbeat", { seq, phase, requestId: id, rssBytes }),
      onSilence: (silentMs) => {
        if (this.worker.process.hasExited) return;
        const sinceMs = Math.round(silentMs);
        tell("unresponsive", { sinceMs });
        if (options.unresponsive === "kill") {
          this.#kill(`it gave no sign of life for ${sinceMs} ms (option unresponsive)`);
        }
      },
    });
  }

  #kill(why: string): void {
    const { process } = this.worker;
    this.expectEnd({ reason: killedBecause(why, process.stderrTail), isFailure: true });
    process.kill("SIGKILL");
  }

  async #untilGone(onEnd: (exit: Exit, ending: Ending) => void): Promise<void> {
    const { process, channel, directory, carrier } = this.worker;
    const exit = await process.exited;
    this.#heartbeat?.stop();
    liveWorkers.remove(process.pid);
    const ending = this.#ending ?? this.#unexpected(exit);
    this.#ready?.exchange.fail(ending.reason);
    onEnd(exit, ending);
    await this.#ready?.exchange.settled();
    channel.close();
    await carrier?.close();
    removeSessionDirectory(directory);
  }

  #unexpected(exit: Exit): Ending {
    const { stderrTail } = this.worker.process;
    if (this.#ready === undefined) {
      return { reason: startFailed(exit, stderrTail, this.worker.python), isFailure: true };
    }
    const reason = crashError(exit, stderrTail, lastStatus(this.worker));
    return { reason, isFailure: exit.exitCode !== 0 || this.#ready.exchange.isBusy };
  }
}

/** Makes a busy worker look at cancel.json now. A program that does not expect the signal ignores it. */
function announceCancel(facts: WorkerFacts): void {
  if (process.platform === "win32" || facts.level === 1) return; // there it looks by itself
  try {
    process.kill(facts.workerInfo.pid, "SIGURG");
  } catch {
    // ESRCH: it is gone, which its end will tell. EPERM, or an ESRCH in another pid namespace: it looks by itself.
  }
}
