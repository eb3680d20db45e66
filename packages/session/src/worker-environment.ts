import type { ResolvedOptions } from "./options.js";

export type Environment = Readonly<Record<string, string | undefined>>;

/** What a script's environment has, whichever session it is run for. */
export function scriptEnvironment(options: ResolvedOptions): Environment {
  return {
    // PyTorch's OpenMP threads spin while they wait: with as many workers as cores every call is late by milliseconds.
    OMP_WAIT_POLICY: "passive",
    ...process.env,
    ...(options.notifications ? {} : { TR_NOTIFICATIONS: "off" }),
    ...options.env,
    TR_HOST_PID: String(process.pid),
  };
}
