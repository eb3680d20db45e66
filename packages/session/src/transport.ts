import { TrError } from "@tr/protocol/errors";
import type { Connection, HostCarrier } from "@tr/shared-memory";
import type { ResolvedOptions } from "./options.js";
import type { RunningWorker } from "./start-worker.js";

export type TransportKind = "file" | "shared-memory" | "mapped";

/** How a worker is talked to, and why so. */
export interface ChosenTransport {
  readonly kind: TransportKind;
  readonly reason: string;
  /** The shared memory, if it goes through that. */
  readonly connection: Connection | undefined;
}

/** What a worker is offered before it is started. */
export interface MemoryOffer {
  readonly carrier?: HostCarrier;
  /** Why there is none. */
  readonly noCarrier?: string;
}

/** Makes the shared memory in the session's directory, if it is wanted and there is room for it. */
export async function offerMemory(
  { transport }: ResolvedOptions,
  directory: string,
): Promise<MemoryOffer> {
  if (transport === "file") return { noCarrier: 'the option transport is "file"' };
  // Not at the top: a session that uses files starts without it.
  const { HostCarrier } = await import("@tr/shared-memory");
  try {
    return { carrier: new HostCarrier(directory) };
  } catch (error) {
    if (!TrError.is(error, "TR_WORKSPACE_FULL")) throw error;
    return { noCarrier: error.message }; // a text may still fit
  }
}

/** What it has come to, now that the worker is ready. */
export function chooseTransport(
  { carrier, noCarrier = "" }: RunningWorker,
  level: 1 | 2,
): ChosenTransport {
  const file = { kind: "file", connection: undefined } as const;
  if (carrier === undefined) return { ...file, reason: noCarrier };
  if (level === 1) return { ...file, reason: "a worker of protocol level 1 knows only files" };
  const connection = carrier.connect();
  if (connection === undefined) {
    return { ...file, reason: "the worker has not opened the shared memory" };
  }
  if (connection.kind === "mapped") {
    return { kind: "mapped", connection, reason: "both sides map the same memory" };
  }
  const reason = connection.reason ?? "this process does not map it";
  return { kind: "shared-memory", connection, reason };
}
