import { assertName, isName } from "@tr/protocol";
import { TrError } from "@tr/protocol/errors";
import type { RestartLimits, RestartOptions } from "./restart-policy.js";

/** See {@link SessionOptions.transport}. */
export type Transport = (typeof transports)[number];

const transports = ["auto", "shared-memory", "file"] as const;

/** See {@link SessionOptions.spawn}. */
export type Spawn = (typeof spawns)[number];

const spawns = ["process", "fork-server"] as const;

/** How a session is made. Everything is optional. Times are milliseconds. */
export interface SessionOptions {
  /** The Python script to run, or `"default"` for the server that comes with the package. Default: `"default"`. */
  script?: string;
  /** Further arguments of the script, after the session id. */
  args?: readonly string[];
  /** `^[A-Za-z0-9_-]{1,64}$`. Default: random. One that a live session uses is an error. */
  sessionId?: string;
  /** The interpreter: a path, a name on the PATH, or a command such as `["uv", "run", "python"]`. Default: found, see `findPython`. */
  python?: string | readonly string[];
  /** Variables for the script, over those of this process; `undefined` removes one. */
  env?: Readonly<Record<string, string | undefined>>;
  /** The script's working directory. Default: this process's. */
  cwd?: string;
  /** Where the session directory is made. Default: `TR_WORKSPACE`, else a per-user folder in the memory file system, else in the temporary directory. */
  workspace?: string;
  /** The folder between the workspace and the session directory. Default: `"python_session"`. */
  sessionFolder?: string;
  /** Free space that the memory file system must have to be chosen, in bytes. Default: 256 MiB. */
  minFreeBytes?: number;
  /** True: what the script prints and nobody listens to is dropped, not written to stderr. Default: false. */
  quiet?: boolean;
  /** How long the script may take to say that it is ready. Default: 60,000. */
  startTimeoutMs?: number;
  /** How long a call that was aborted or ran out of time may take to end before the worker is killed. Default: 2,000. */
  cancelGraceMs?: number;
  /** Whether a crashed worker is started again by itself. What it kept in memory is lost. Default: it is not. */
  restart?: RestartOptions;
  /** What happens to a worker that has given no sign of life for three seconds: it is only told of (event `unresponsive`), or killed, which is a crash. Default: `"report"`. */
  unresponsive?: "report" | "kill";
  /**
   * How messages and tensors travel. `"auto"`: through shared memory, which both processes map where koffi is
   * installed (Linux), else through files of fixed places in it; by messages in files where the worker
   * is of protocol level 1, the memory cannot be had, or on Windows. `"file"`: that, always. `"shared-memory"`: a
   * start that does not come to shared memory fails. See `info.transport`, `info.transportReason`. Default: `"auto"`.
   */
  transport?: Transport;
  /**
   * Where the worker comes from. `"process"`: an interpreter of its own, which imports the script. `"fork-server"`
   * (Linux): one process of this program imports it, up to `serve()`, and each worker is forked from that. Start
   * and memory cost little then; the script must start no threads at import and not initialise CUDA, or the
   * start is `TR_START_FAILED`. Default: `"process"`.
   */
  spawn?: Spawn;
  /** False: poll instead of using the platform's change notifications. Default: true. */
  notifications?: boolean;
}

export interface ResolvedOptions extends Omit<SessionOptions, "restart"> {
  readonly script: string;
  readonly args: readonly string[];
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly sessionFolder: string;
  readonly minFreeBytes: number;
  readonly quiet: boolean;
  readonly startTimeoutMs: number;
  readonly notifications: boolean;
  readonly cancelGraceMs: number;
  /** Not there: it is not started again. */
  readonly restart?: RestartLimits;
  readonly unresponsive: "report" | "kill";
  readonly transport: Transport;
  readonly spawn: Spawn;
}

const known = new Set<string>([
  ...["script", "args", "sessionId", "python", "env", "cwd", "workspace", "sessionFolder"],
  ...["minFreeBytes", "quiet", "startTimeoutMs", "notifications"],
  ...["cancelGraceMs", "restart", "unresponsive", "transport", "spawn"],
]);

/** Checks the options once and fills in the defaults. @throws TrError `TR_INVALID_ARGUMENT`, naming the option. */
export function resolveOptions(
  options: SessionOptions,
  platform: NodeJS.Platform = process.platform,
): ResolvedOptions {
  for (const name of Object.keys(options)) {
    if (!known.has(name)) {
      throw invalid(name, `one of ${[...known].join(", ")}`, "an unknown option");
    }
  }
  const { sessionId, python } = options;
  if (sessionId !== undefined) assertName("sessionId", sessionId);
  if (python !== undefined && [python].flat().some((word) => typeof word !== "string" || !word)) {
    throw invalid("python", "a path or a list of words", JSON.stringify(python));
  }
  for (const name of ["script", "cwd", "workspace"] as const) {
    const value = options[name];
    if (value !== undefined && (typeof value !== "string" || value === "")) {
      throw invalid(name, "a path", JSON.stringify(value));
    }
  }
  const { args, env } = options;
  const isWord = (word: unknown) => typeof word === "string" && !word.includes("\0");
  if (args !== undefined && !(Array.isArray(args) && args.every(isWord))) {
    throw invalid("args", "a list of strings without NUL", JSON.stringify(args));
  }
  const isVariable = (value: unknown) => value === undefined || isWord(value);
  if (env !== undefined && !(isRecord(env) && Object.values(env).every(isVariable))) {
    throw invalid("env", "an object of strings without NUL", JSON.stringify(env));
  }
  for (const name of ["quiet", "notifications"] as const) {
    const value = options[name];
    if (value !== undefined && typeof value !== "boolean") {
      throw invalid(name, "true or false", JSON.stringify(value));
    }
  }
  const sessionFolder = options.sessionFolder ?? "python_session";
  if (!isName(sessionFolder)) {
    throw invalid("sessionFolder", "one folder name", JSON.stringify(sessionFolder));
  }
  const startTimeoutMs = options.startTimeoutMs ?? 60_000;
  assertTimeout("startTimeoutMs", startTimeoutMs);
  const cancelGraceMs = options.cancelGraceMs ?? 2000;
  assertTimeout("cancelGraceMs", cancelGraceMs);
  const { unresponsive = "report" } = options;
  if (unresponsive !== "report" && unresponsive !== "kill") {
    throw invalid("unresponsive", '"report" or "kill"', JSON.stringify(unresponsive));
  }
  const { transport = "auto" } = options;
  if (!transports.includes(transport)) {
    throw invalid("transport", `one of ${transports.join(", ")}`, JSON.stringify(transport));
  }
  const { spawn = "process" } = options;
  if (!spawns.includes(spawn)) {
    throw invalid("spawn", `one of ${spawns.join(", ")}`, JSON.stringify(spawn));
  }
  if (spawn === "fork-server" && platform !== "linux") {
    throw invalid("spawn", `"process" on ${platform} (only Linux has the other)`, '"fork-server"');
  }
  const restart = restartLimits(options.restart);
  const minFreeBytes = options.minFreeBytes ?? 256 * 2 ** 20;
  if (!(minFreeBytes >= 0)) throw invalid("minFreeBytes", "a number ≥ 0", String(minFreeBytes));
  const { restart: _, ...others } = options;
  return {
    ...others,
    script: options.script ?? "default",
    args: options.args ?? [],
    env: options.env ?? {},
    sessionFolder,
    minFreeBytes,
    quiet: options.quiet ?? false,
    startTimeoutMs,
    notifications: options.notifications ?? true,
    cancelGraceMs,
    unresponsive,
    transport,
    spawn,
    ...(restart && { restart }),
  };
}

function restartLimits(restart: unknown): RestartLimits | undefined {
  if (restart === undefined) return undefined;
  if (!isRecord(restart)) throw invalid("restart", "an object", JSON.stringify(restart));
  const { onCrash, maxRestarts = 5, windowMs = 180_000, ...unknown } = restart;
  const [name] = Object.keys(unknown);
  if (name !== undefined) {
    throw invalid(`restart.${name}`, "one of onCrash, maxRestarts, windowMs", "an unknown option");
  }
  if (typeof onCrash !== "boolean") {
    throw invalid("restart.onCrash", "true or false", String(JSON.stringify(onCrash)));
  }
  if (!Number.isSafeInteger(maxRestarts) || (maxRestarts as number) < 1) {
    throw invalid("restart.maxRestarts", "a whole number ≥ 1", String(maxRestarts));
  }
  assertTimeout("restart.windowMs", windowMs);
  return onCrash ? { maxRestarts: maxRestarts as number, windowMs } : undefined;
}

/** A time limit of a call: a positive number. For ever is said by leaving it out. */
export function assertTimeout(name: string, value: unknown): asserts value is number {
  if (typeof value !== "number" || !(value > 0) || value === Number.POSITIVE_INFINITY) {
    throw invalid(name, "a number of milliseconds > 0 (leave it out for no limit)", String(value));
  }
}

/** A time limit of the documented method set, where 0 means for ever: `undefined` then. */
export function waitLimitMs(value: number): number | undefined {
  if (typeof value !== "number" || !(value >= 0)) {
    throw invalid("timeoutMs", "a number of milliseconds ≥ 0 (0: for ever)", String(value));
  }
  return value === 0 || value === Number.POSITIVE_INFINITY ? undefined : value;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function invalid(name: string, expected: string, found: string): TrError {
  return new TrError("TR_INVALID_ARGUMENT", `option ${name}: expected ${expected}, found ${found}`);
}
