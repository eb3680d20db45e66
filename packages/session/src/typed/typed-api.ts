import { TrError } from "@tr/protocol/errors";
import { abortable } from "../abortable.js";
import { type BoundCall, bindCall } from "./bind-call.js";
import { checkSignatures, signaturesCommand } from "./check-signatures.js";
import type { TypedCommand, TypedServer } from "./typed-server.js";

/** What typed calls are made with. */
export interface TypedCaller {
  call(command: string, args: readonly unknown[], options: object): Promise<unknown>;
  /** @param check what must have come true before anything is sent */
  stream(
    command: string,
    args: readonly unknown[],
    options: object,
    check: () => Promise<void>,
  ): AsyncIterable<unknown>;
}

/** A started worker: another object after each start. */
interface Started {
  readonly facts: { readonly level: 1 | 2 };
}

/**
 * An object with a method for each command and nothing else: no `then`, so that it can be awaited,
 * and no prototype. The first call to each started worker compares the signatures.
 */
export function typedApi<Api extends object>(
  server: TypedServer<Api>,
  caller: TypedCaller,
  started: (command: string, signal: AbortSignal | undefined) => Promise<Started>,
): Api {
  const commands: unknown = Object(server).commands;
  if (typeof commands !== "object" || commands === null) {
    throw new TrError(
      "TR_INVALID_ARGUMENT",
      "as: expected the value `server` of a module that tr types or generateTypes has written",
    );
  }
  const known = { hash: server.hash, commands: commands as Record<string, TypedCommand> };
  const checks = new WeakMap<object, Promise<void>>();

  async function check(name: string, signal: AbortSignal | undefined): Promise<void> {
    const worker = await started(name, signal);
    let checking = checks.get(worker);
    if (checking === undefined) {
      checking = ask(worker);
      checks.set(worker, checking);
      // Only what the worker is like is remembered, not that it could not be asked.
      checking.catch((error) => {
        if (!TrError.is(error, "TR_PROTOCOL")) checks.delete(worker);
      });
    }
    await abortable(checking, signal);
  }

  async function ask({ facts }: Started): Promise<void> {
    if (facts.level === 1) {
      throw new TrError(
        "TR_NEEDS_LEVEL_2",
        "typed calls need a worker that knows its signatures: one of level 2 with @command functions",
      );
    }
    checkSignatures(known, await caller.call(signaturesCommand, [], {}));
  }

  const signalOf = ({ callOptions }: BoundCall) =>
    (callOptions as { signal?: AbortSignal | undefined }).signal;

  async function run(name: string, command: TypedCommand, given: unknown[]): Promise<unknown> {
    const bound = bindCall(name, command, given);
    await check(name, signalOf(bound));
    return caller.call(name, bound.args, { ...bound.callOptions, kwargs: bound.kwargs });
  }

  function items(name: string, bound: BoundCall): AsyncIterable<unknown> {
    const options = { ...bound.callOptions, kwargs: bound.kwargs };
    return caller.stream(name, bound.args, options, () => check(name, signalOf(bound)));
  }

  const methods: Record<string, unknown> = Object.create(null);
  for (const [name, command] of Object.entries(known.commands)) {
    if (name === "then") continue;
    methods[name] =
      command.kind === "stream"
        ? (...given: unknown[]) => items(name, bindCall(name, command, given))
        : (...given: unknown[]) => run(name, command, given);
  }
  return Object.freeze(methods) as Api;
}
