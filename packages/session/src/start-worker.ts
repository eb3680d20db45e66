import { readFileSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { type FileChannel, openFileChannel } from "@tr/file-channel";
import { TrError } from "@tr/protocol/errors";
import type { HostCarrier } from "@tr/shared-memory";
import { launcherPath } from "@tr/worker-py";
import { spawnFailed, startFailed, startTimedOut } from "./errors.js";
import { findPlace } from "./find-place.js";
import { findProgram } from "./find-program.js";
import { lookForWorker, type WorkerFacts } from "./first-status.js";
import { liveWorkers } from "./live-workers.js";
import type { ResolvedOptions } from "./options.js";
import { sweepOnce } from "./sweep.js";
import { scriptEnvironment } from "./worker-environment.js";
import { type Child, type SpawnOptions, WorkerProcess } from "./worker-process.js";

/** A worker that has been started, with the directory and the channel that are its own. */
export interface RunningWorker {
  readonly process: WorkerProcess;
  readonly channel: FileChannel;
  readonly workspace: string;
  readonly directory: string;
  /** The command line without the script's own arguments. */
  readonly python: readonly string[];
  /** The shared memory that it may open. */
  readonly carrier?: HostCarrier | undefined;
  /** Why there is none. */
  readonly noCarrier?: string | undefined;
  /** The workspace is not the one that it should be. */
  readonly warning?: TrError | undefined;
}

export interface StartListeners extends Pick<SpawnOptions, "onLine"> {
  /** Its reason is the TrError to fail with. */
  readonly signal: AbortSignal;
  /** The worker will be forked, and what it is forked from has not imported the script yet. */
  readonly onImporting: (pid: number) => void;
}

/**
 * A worker of ours that finds this file writes a byte into it for each response: one notification, where
 * all that is done in the directory for one call gives twenty. Linux has them for a file as for a directory.
 */
export const bellName = "worker.bell";

/**
 * Makes the session directory and starts the process.
 *
 * @throws TrError `TR_PYTHON_NOT_FOUND`, `TR_SCRIPT_NOT_FOUND`, `TR_INVALID_ARGUMENT` (workspace, session id), `TR_WORKSPACE_FULL`, `TR_START_FAILED`.
 */
export async function spawnWorker(
  options: ResolvedOptions,
  sessionId: string,
  { onLine, ...start }: StartListeners,
): Promise<RunningWorker> {
  const program = findProgram(options);
  const python = [program.file, ...program.args];
  // Not at the top: few sessions are started like this.
  const forks =
    options.spawn === "fork-server" ? await import("./fork-server/index.js") : undefined;
  const template = await forks
    ?.readyTemplate(program, options, { onLine, ...start })
    .catch((error) => Promise.reject(TrError.is(error) ? error : spawnFailed(python, error)));
  const place = await findPlace(options, sessionId);
  const { workspace, path: directory, carrier } = place;
  const channel = openFileChannel(directory, { notifications: options.notifications });
  if (process.platform === "linux") channel.writeSync(bellName, "\0");
  const onSpawn = (child: Child, pid: number) => {
    // First of all: from here on this program may die of anything.
    liveWorkers.add(pid, directory);
    carrier?.attach(child);
  };
  try {
    const process =
      forks && template
        ? await forks.forkWorker(template, {
            ...{ ...start, sessionId, place, onLine, onSpawn },
            timeoutMs: options.startTimeoutMs,
          })
        : await WorkerProcess.spawn({
            file: program.file,
            args: [...program.args, launcherPath, program.script, sessionId, ...options.args],
            cwd: options.cwd,
            env: {
              ...scriptEnvironment(options),
              ...{ TR_SESSION_DIR: directory, TR_WORKSPACE: workspace },
              ...carrier?.env,
            },
            ...{ onLine, onSpawn },
            pipes: carrier?.stdio,
          });
    sweepOnce(dirname(directory));
    return { ...place, process, channel, directory, python };
  } catch (error) {
    channel.close();
    await carrier?.close();
    rmSync(directory, { recursive: true, force: true });
    throw TrError.is(error) ? error : spawnFailed(python, error);
  }
}

/**
 * Waits until the worker has said what it is and that it is ready.
 *
 * @throws TrError `TR_START_FAILED` as soon as the process ends, `TR_START_TIMEOUT`; the process is the caller's to stop.
 */
export async function waitUntilStarted(
  worker: RunningWorker,
  timeoutMs: number,
): Promise<WorkerFacts> {
  const { process, channel } = worker;
  const ended = new AbortController();
  process.exited.then(() => ended.abort());
  try {
    const facts = await channel.waitFor(lookForWorker(channel), {
      timeoutMs,
      signal: ended.signal,
      keepAlive: false, // whoever waits for the start stays; a restart of the session's own keeps nobody
    });
    if (facts === undefined) throw startTimedOut(timeoutMs, process.stderrTail);
    return facts;
  } catch (error) {
    if (!ended.signal.aborted) throw error;
    throw startFailed(await process.exited, process.stderrTail, worker.python);
  }
}

/** The last status word that the worker wrote, for the message about its end. */
export function lastStatus({ directory }: RunningWorker): string | undefined {
  try {
    return readFileSync(join(directory, "status.txt"), "utf8");
  } catch {
    return undefined; // it wrote none, or the directory is gone
  }
}
