import type { Answer } from "./answer.js";
import type { BackEnd, ToolHost } from "./back-end.js";
import { executeBatch } from "./batch.js";
import type {
  BatchBody,
  CreateBody,
  ExecuteBody,
  InitBatchBody,
  InitFromConfigBody,
  InitResourceBody,
  RefreshBody,
  TypeBody,
  WarmupBody,
  WorkerBody,
} from "./bodies.js";
import { type Clock, systemClock } from "./clock.js";
import { close, type ShutdownBody, type ShutdownResult, shutdown } from "./closing.js";
import type { Core } from "./core.js";
import { createSession } from "./create.js";
import { execute } from "./execute.js";
import { initBatch, initFromConfig, initResource } from "./init.js";
import type { SandboxLog } from "./log.js";
import { SessionBook } from "./session-book.js";
import {
  destroySession,
  disconnect,
  heartbeat,
  listSessions,
  refreshSession,
  status,
} from "./session-routes.js";
import { type SandboxSnapshot, snapshot } from "./snapshot.js";
import { type ToolEntry, ToolRegistry, toolEntry } from "./tool-registry.js";
import { type WarmupResult, type WarmupStatus, warmup, warmupStatus } from "./warmup.js";

export interface SandboxParts {
  backEnds: readonly BackEnd[];
  /** The processes of stateless tools. */
  apis: readonly ToolHost[];
  log: SandboxLog;
  /** The only folder that `init/from-config` reads from. */
  folder: string;
  /** Default: 300,000 ms. */
  sessionTtlMs?: number | undefined;
  /** Warmed up by `start()`. Default: none. */
  warmup?: readonly string[] | undefined;
  /** For the files of `init/from-config`; throws what is wrong with one. Default: they are taken as they are. */
  substitute?: ((config: Record<string, unknown>) => Record<string, unknown>) | undefined;
  clock?: Clock | undefined;
}

interface CallerOptions {
  /** Aborted when the caller goes away: its call is cancelled. With the reason `"shutdown"` the answer says that. */
  signal?: AbortSignal | undefined;
}

/**
 * Back ends, their tools and their sessions: one method for each route of the HTTP API. A method that
 * resolves to an {@link Answer} does not reject.
 */
export class SandboxServer {
  readonly #core: Core;
  readonly #warmup: readonly string[];
  #isStarted = false;
  #closed: Promise<void> | undefined;

  constructor(parts: SandboxParts) {
    const { backEnds, apis, log, folder, sessionTtlMs: ttlMs = 300_000, substitute } = parts;
    const { clock = systemClock } = parts;
    this.#warmup = parts.warmup ?? [];
    this.#core = {
      backEnds: new Map(backEnds.map((backEnd) => [backEnd.name, backEnd])),
      apis,
      book: new SessionBook({ clock, log, ttlMs }),
      tools: new ToolRegistry(),
      clock,
      log,
      folder,
      substitute,
      ending: undefined,
      stop: new AbortController(),
    };
    for (const backEnd of backEnds) {
      backEnd.onLost((ids, reason) => this.#core.book.lost(backEnd, ids, reason));
    }
  }

  /** Loads every back end, and warms up those that are to be warm from the start. Rejects when one cannot be loaded. */
  async start(options: CallerOptions = {}): Promise<void> {
    const { backEnds, apis, tools } = this.#core;
    const hosts: ToolHost[] = [...backEnds.values(), ...apis];
    try {
      await Promise.all(hosts.map((host) => host.load(options)));
      for (const backEnd of backEnds.values()) tools.add(backEnd, backEnd);
      for (const api of apis) tools.add(api, undefined);
    } catch (error) {
      await this.close();
      throw error;
    }
    if (this.#warmup.length > 0) await this.warmup({ backends: this.#warmup });
    this.#isStarted = true;
  }

  execute(body: ExecuteBody, { signal = never }: CallerOptions = {}): Promise<Answer> {
    return execute(this.#core, body, signal);
  }

  executeBatch(body: BatchBody, { signal = never }: CallerOptions = {}): Promise<Answer> {
    return executeBatch(this.#core, body, signal);
  }

  createSession(body: CreateBody): Promise<Answer> {
    return createSession(this.#core, body);
  }

  destroySession(body: TypeBody): Promise<Answer> {
    return destroySession(this.#core, body);
  }

  listSessions(body: WorkerBody): Promise<Answer> {
    return listSessions(this.#core, body);
  }

  refreshSession(body: RefreshBody): Promise<Answer> {
    return refreshSession(this.#core, body);
  }

  disconnect(body: WorkerBody): Promise<Answer> {
    return disconnect(this.#core, body);
  }

  heartbeat(body: WorkerBody): Promise<Answer> {
    return heartbeat(this.#core, body);
  }

  status(body: WorkerBody): Promise<Answer> {
    return status(this.#core, body);
  }

  initResource(body: InitResourceBody): Promise<Answer> {
    return initResource(this.#core, body);
  }

  initBatch(body: InitBatchBody): Promise<Answer> {
    return initBatch(this.#core, body);
  }

  initFromConfig(body: InitFromConfigBody): Promise<Answer> {
    return initFromConfig(this.#core, body);
  }

  tools({ includeHidden = false } = {}): { tools: ToolEntry[]; count: number } {
    const tools = this.#core.tools.list(includeHidden);
    return { tools, count: tools.length };
  }

  /** Undefined: there is no such tool, or more than one. */
  toolSchema(name: string): ToolEntry | undefined {
    const resolved = this.#core.tools.resolve(name);
    return "tool" in resolved ? toolEntry(resolved.tool) : undefined;
  }

  warmup(body: WarmupBody = {}): Promise<WarmupResult> {
    return warmup(this.#core, body);
  }

  warmupStatus(): WarmupStatus {
    return warmupStatus(this.#core);
  }

  ready(): {
    status: "starting" | "ready" | "closing";
    tools_count: number;
    active_workers: number;
    total_sessions: number;
  } {
    const { book, tools, ending } = this.#core;
    const workers = new Set(book.all.map(({ seed }) => seed.worker_id));
    return {
      status: ending ? "closing" : this.#isStarted ? "ready" : "starting",
      tools_count: tools.size,
      active_workers: workers.size,
      total_sessions: book.size,
    };
  }

  /** What keeps it from serving, if anything does. */
  health(): string | undefined {
    const { backEnds, apis } = this.#core;
    const failed = [...backEnds.values(), ...apis].find(({ state }) => state.phase === "failed");
    return failed && `${failed.name}: ${failed.state.error ?? "its process cannot be started"}`;
  }

  snapshot(): SandboxSnapshot {
    return snapshot(this.#core);
  }

  /** Begins nothing new from now on, and says how {@link close} is to end what there is. */
  shutdown(body: ShutdownBody = {}): ShutdownResult {
    return shutdown(this.#core, body);
  }

  /** Cancels what runs, cleans up every session, shuts down every back end. Bounded and idempotent. */
  close(): Promise<void> {
    this.#closed ??= close(this.#core);
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/** For callers that cannot go away. */
const never = new AbortController().signal;
