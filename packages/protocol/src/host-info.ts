import { stringField } from "./malformed.js";
import { aCount, readFields } from "./read-fields.js";

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

const what = "host.json";

/** @throws TrError TR_PROTOCOL */
export function parseHostInfo(content: Uint8Array | string): HostInfo {
  const fields = readFields(what, content);
  const info: HostInfo = { pid: aCount(what, "pid", fields.pid, 1) };
  const startTime = stringField(what, fields, "start_time");
  const bootId = stringField(what, fields, "boot_id");
  const pidNamespace = stringField(what, fields, "pid_namespace");
  if (startTime !== undefined) info.startTime = startTime;
  if (bootId !== undefined) info.bootId = bootId;
  if (pidNamespace !== undefined) info.pidNamespace = pidNamespace;
  return info;
}
