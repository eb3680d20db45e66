import { ApiHost } from "./api-host.js";
import type { BackEnd, ToolHost } from "./back-end.js";
import type { HostProcessOptions, LoadSpec } from "./host-process.js";
import { IsolatedBackEnd } from "./isolated-back-end.js";
import type { SandboxLog } from "./log.js";
import type { ResolvedSandboxOptions } from "./resolve-options.js";
import { SharedBackEnd } from "./shared-back-end.js";

/** No process that others use is killed for one call: its session is stuck until the tool returns. */
const sharedGraceMs = 2 ** 31 - 1;
/** How long a cancelled call of a session with its own process may take to end before that is killed, in ms. */
const isolatedGraceMs = 1000;

/** What the options ask for; nothing is started yet. */
export function makeBackEnds(
  options: ResolvedSandboxOptions,
  log: SandboxLog,
): { backEnds: BackEnd[]; apis: ToolHost[] } {
  const { folder, resources, modules, apiReplicas, startTimeoutMs, python, env } = options;
  const own = (name: string, spec: LoadSpec, cancelGraceMs: number): HostProcessOptions => ({
    ...{ name, spec, startTimeoutMs, log },
    session: {
      cancelGraceMs,
      ...(python !== undefined && { python }),
      ...(env !== undefined && { env }),
    },
  });
  const backEnds = [...resources].map(([name, { backendClass, isolation, config }]) => {
    const spec: LoadSpec = { kind: "backend", name, class: backendClass, folder, config };
    return isolation === "session"
      ? new IsolatedBackEnd(own(name, spec, isolatedGraceMs))
      : new SharedBackEnd(own(name, spec, sharedGraceMs));
  });
  const apis = [...modules].map(
    ([module, functions]) =>
      new ApiHost(
        own(module, { kind: "apis", folder, apis: functions }, sharedGraceMs),
        apiReplicas,
      ),
  );
  return { backEnds, apis };
}
