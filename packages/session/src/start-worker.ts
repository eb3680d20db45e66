import { existsSync, readFileSync, rmSync, statSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { type FileChannel, openFileChannel } from "@tr/file-channel";
import { TrError } from "@tr/protocol/errors";
import type { HostCarrier } from "@tr/shared-memory";
import { defaultServerPath, findPython, launcherPath } from "@tr/worker-py";
import { spawnFailed, startFailed, startTimedOut } from "./errors.js";
import { findPlace } from "./find-place.js";
import { lookForWorker, type WorkerFacts } from "./first-status.js";
import { liveWorkers } from "./live-workers.js";
import type { ResolvedOptions } from "./options.js";
import { sweepOnce } from "./sweep.js";
import { type SpawnOptions, WorkerProcess } from "./worker-process.js";

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
  onLine: SpawnOptions["onLine"],
): Promise<RunningWorker> {
  const script = options.script === "default" ? defaultServerPath : resolve(options.script);
  if (!existsSync(script)) {
    throw new TrError("TR_SCRIPT_NOT_FOUND", `there is no script ${script} (option script)`, {
      script,
    });
  }
  const { cwd } = options;
  if (cwd !== undefined && !statSync(cwd, { throwIfNoEntry: false })?.isDirectory()) {
    throw new TrError("TR_INVALID_ARGUMENT", `option cwd: there is no directory ${resolve(cwd)}`);
  }
  const found = findPython({ script, ...(options.python && { python: options.python }) });
  const place = await findPlace(options, sessionId);
  const { workspace, path: directory, carrier } = place;
  const channel = openFileChannel(directory, { notifications: options.notifications });
  if (process.platform === "linux") channel.writeSync(bellName, "\0");
  const python = [found.file, ...found.args];
  try {
    const process = await WorkerProcess.spawn({
      file: found.file,
      args: [...found.args, launcherPath, script, sessionId, ...options.args],
      cwd: options.cwd,
      env: { ...workerEnvironment(options, workspace, directory), ...carrier?.env },
      onLine,
      pipes: carrier?.stdio,
      onSpawn(child, pid) {
        // First of all: from here on this program may die of anything.
        liveWorkers.add(pid, directory);
        carrier?.attach(child);
      },
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

function workerEnvironment(
  options: ResolvedOptions,
  workspace: string,
  directory: string,
): Record<string, string | undefined> {
  return {
    // PyTorch's OpenMP threads spin while they wait: with as many workers as cores every call is late by milliseconds.
    OMP_WAIT_POLICY: "passive",
    ...process.env,
    ...(options.notifications ? {} : { TR_NOTIFICATIONS: "off" }),
    ...options.env,
    TR_SESSION_DIR: directory,
    TR_WORKSPACE: workspace,
    TR_HOST_PID: String(process.pid),
  };
}

/** The last status word that the worker wrote, for the message about its end. */
export function lastStatus({ directory }: RunningWorker): string | undefined {
  try {
    return readFileSync(join(directory, "status.txt"), "utf8");
  } catch {
    return undefined; // it wrote none, or the directory is gone
  }
}
