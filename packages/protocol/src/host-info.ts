import { parseWith } from "./parse-with.js";
import { hostInfoSchema } from "./schemas.js";

/**
 * Who made a session directory, so that a later start can tell whether it still lives. Strings are
 * compared for equality only; what a platform does not have is left out.
 */
export interface HostInfo {
  pid: number;
  /** The process's start time in the platform's own unit: a reused pid has another. */
  startTime?: string | undefined;
  bootId?: string | undefined;
  pidNamespace?: string | undefined;
}

/** The text of `host.json`. */
export function buildHostInfo(info: HostInfo): string {
  return JSON.stringify({
    pid: info.pid,
    start_time: info.startTime,
    boot_id: info.bootId,
    pid_namespace: info.pidNamespace,
  });
}

/** @throws TrError TR_PROTOCOL */
export function parseHostInfo(content: Uint8Array | string): HostInfo {
  const raw = parseWith("host.json", hostInfoSchema, content);
  const info: HostInfo = { pid: raw.pid };
  if (raw.start_time != null) info.startTime = raw.start_time;
  if (raw.boot_id != null) info.bootId = raw.boot_id;
  if (raw.pid_namespace != null) info.pidNamespace = raw.pid_namespace;
  return info;
}
