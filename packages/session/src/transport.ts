import { TrError } from "@tr/protocol/errors";
import type { Connection } from "@tr/shared-memory";
import type { Transport } from "./options.js";
import type { RunningWorker } from "./start-worker.js";

export type TransportKind = "file" | "shared-memory" | "mapped";

/** How a worker is talked to, and why so. */
export interface ChosenTransport {
  readonly kind: TransportKind;
  readonly reason: string;
  /** The shared memory, if it goes through that. */
  readonly connection: Connection | undefined;
}

/**
 * What it has come to, now that the worker is ready.
 *
 * @throws TrError `TR_NEEDS_LEVEL_2`, `TR_START_FAILED` when the option asks for shared memory and this worker has none
 */
export function chooseTransport(
  { carrier, noCarrier = "", process }: RunningWorker,
  level: 1 | 2,
  wish: Transport,
): ChosenTransport {
  const file = { kind: "file", connection: undefined } as const;
  if (carrier === undefined) return { ...file, reason: noCarrier };
  const connection = level === 1 ? undefined : carrier.connect();
  if (connection === undefined) {
    const isOld = level === 1;
    const reason = isOld
      ? "a worker of protocol level 1 knows only files"
      : "the worker has not opened the shared memory";
    if (wish !== "shared-memory") return { ...file, reason };
    const { stderrTail } = process;
    const message = `option transport: "shared-memory" cannot be had: ${reason}. With "auto" the session uses files then.`;
    throw isOld
      ? new TrError("TR_NEEDS_LEVEL_2", message)
      : new TrError("TR_START_FAILED", `${message}\n${stderrTail}`.trim(), { stderrTail });
  }
  if (connection.kind === "mapped") {
    return { kind: "mapped", connection, reason: "both sides map the same memory" };
  }
  const reason = connection.reason ?? "this process does not map it";
  return { kind: "shared-memory", connection, reason };
}
