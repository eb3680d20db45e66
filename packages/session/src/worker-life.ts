import type { TrError } from "@tr/protocol/errors";
import { crashError, startFailed } from "./errors.js";
import { Exchange, type ExchangeOptions } from "./exchange.js";
import type { WorkerFacts } from "./first-status.js";
import { liveWorkers } from "./live-workers.js";
import { concurrencyOf } from "./requests.js";
import { lastStatus, type RunningWorker } from "./start-worker.js";
import { type StopLadder, stopWorker } from "./stop-worker.js";
import type { Exit } from "./worker-process.js";
import { removeSessionDirectory } from "./workspace.js";

/** A worker that has said what it is, and the requests to it. */
export interface ReadyWorker {
  readonly worker: RunningWorker;
  readonly facts: WorkerFacts;
  readonly exchange: Exchange;
}

/** Why a process has ended. `isFailure`: nobody had wanted it to. */
export interface Ending {
  readonly reason: TrError;
  readonly isFailure: boolean;
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

  /** The worker has said that it is ready. */
  becomesReady(
    facts: WorkerFacts,
    options: Pick<ExchangeOptions, "nextId"> & { onPending(unanswered: number): void },
  ): void {
    const { worker } = this;
    let release: (() => void) | undefined;
    const exchange = new Exchange({
      channel: worker.channel,
      level: facts.level,
      concurrency: concurrencyOf(facts),
      nextId: options.nextId,
      onBroken: (reason) => {
        this.expectEnd({ reason, isFailure: true });
        void this.stop(terminateLadder);
      },
      onPending: ({ unanswered, awaited }) => {
        if (awaited > 0) release ??= worker.process.hold();
        else {
          release?.();
          release = undefined;
        }
        options.onPending(unanswered);
      },
    });
    this.#ready = { worker, facts, exchange };
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

  /** Walks down the ladder. True: it left because it was asked to. */
  stop(ladder: StopLadder): Promise<boolean> {
    return stopWorker(this.worker, this.#ready?.facts.level, ladder);
  }

  async #untilGone(onEnd: (exit: Exit, ending: Ending) => void): Promise<void> {
    const { process, channel, directory } = this.worker;
    const exit = await process.exited;
    liveWorkers.remove(process.pid);
    const ending = this.#ending ?? this.#unexpected(exit);
    this.#ready?.exchange.fail(ending.reason);
    onEnd(exit, ending);
    await this.#ready?.exchange.settled();
    channel.close();
    removeSessionDirectory(directory);
  }

  #unexpected(exit: Exit): Ending {
    const { stderrTail } = this.worker.process;
    if (this.#ready === undefined) {
      return { reason: startFailed(exit, stderrTail), isFailure: true };
    }
    const reason = crashError(exit, stderrTail, lastStatus(this.worker));
    return { reason, isFailure: exit.exitCode !== 0 || this.#ready.exchange.isBusy };
  }
}
