import type { BackEndState, ToolHost, ToolInfo } from "./back-end.js";
import type { Core } from "./core.js";
import type { Isolation } from "./options.js";
import type { SessionEntry } from "./session-book.js";

/** All there is to show, at one moment. */
export interface SandboxSnapshot {
  backEnds: BackEndSnapshot[];
  sessions: SessionSnapshot[];
  tools: readonly ToolInfo[];
}

export interface BackEndSnapshot extends BackEndState {
  name: string;
  kind: "resource" | "api";
  isolation?: Isolation;
}

export interface SessionSnapshot extends SessionEntry {
  worker_id: string;
  temporary: boolean;
  /** Until it expires; null while a call runs, and where it does not expire. */
  msLeft: number | null;
  /** Whose code has not ended. */
  calls: number;
}

export function snapshot({ backEnds, apis, book, tools }: Core): SandboxSnapshot {
  return {
    backEnds: [
      ...[...backEnds.values()].map((backEnd) => ({
        ...hostSnapshot(backEnd),
        kind: "resource" as const,
        isolation: backEnd.isolation,
      })),
      ...apis.map((api) => ({ ...hostSnapshot(api), kind: "api" as const })),
    ],
    sessions: book.all.map((session) => ({
      ...book.entry(session),
      worker_id: session.seed.worker_id,
      temporary: session.seed.temporary,
      msLeft: session.calls > 0 ? null : (session.msLeft ?? null),
      calls: session.calls,
    })),
    tools: tools.all.map(({ info }) => info),
  };
}

const hostSnapshot = ({ name, state }: ToolHost) => ({ name, ...state });
