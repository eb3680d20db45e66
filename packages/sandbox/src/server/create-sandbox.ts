import { makeBackEnds } from "./back-ends.js";
import type { SandboxLog } from "./log.js";
import type { SandboxOptions } from "./options.js";
import { resolveSandboxOptions } from "./resolve-options.js";
import { type SandboxParts, SandboxServer } from "./sandbox-server.js";

export interface SandboxContext extends Pick<SandboxParts, "substitute" | "clock"> {
  readonly log: SandboxLog;
}

/**
 * Python back ends with their sessions and stateless tools; `start()` starts the processes.
 *
 * @throws TrError `TR_INVALID_ARGUMENT`, naming the option.
 */
export function createSandbox(options: SandboxOptions, context: SandboxContext): SandboxServer {
  const resolved = resolveSandboxOptions(options);
  const { folder, sessionTtlMs, warmup } = resolved;
  return new SandboxServer({
    ...context,
    ...makeBackEnds(resolved, context.log),
    ...{ folder, sessionTtlMs, warmup },
  });
}
