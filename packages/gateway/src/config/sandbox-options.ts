import type { ApiOptions, ResourceOptions, SandboxOptions } from "@tr/sandbox/server";
import { ConfigFault } from "./environment.js";
import { given, ms } from "./given.js";
import type { Config } from "./schema.js";

/** The sandbox is on when the file has back ends or stateless tools. @throws ConfigFault */
export function sandboxOptions(
  { server = {}, resources, apis, warmup }: Config,
  folder: string,
): SandboxOptions | undefined {
  if (resources === undefined && apis === undefined) {
    if (warmup === undefined) return undefined;
    throw new ConfigFault(["warmup"], "back ends are warmed up: expected the part resources too");
  }
  return given<SandboxOptions>({
    folder,
    resources: resources && backEnds(resources),
    apis: apis && mapped(apis, (api) => given<ApiOptions>({ ...api, config: api.config })),
    apiReplicas: server.api_replicas,
    sessionTtlMs: ms(server.session_ttl),
    warmup: warmup && namesToWarmUp(warmup, resources ?? {}),
  });
}

type Resources = NonNullable<Config["resources"]>;

function backEnds(resources: Resources): SandboxOptions["resources"] {
  const enabled = Object.entries(resources).filter(([, { enabled = true }]) => enabled);
  return mapped(Object.fromEntries(enabled), ({ backend_class, isolation, config }) =>
    given<ResourceOptions>({ backendClass: backend_class, isolation, config }),
  );
}

/** Those that are named, else all; not those that are switched off. @throws ConfigFault */
function namesToWarmUp(
  { enabled = true, resources: names }: NonNullable<Config["warmup"]>,
  resources: Resources,
): string[] {
  for (const [place, name] of (names ?? []).entries()) {
    if (Object.hasOwn(resources, name)) continue;
    const known = Object.keys(resources).join(", ") || "none";
    const message = `there is no ${JSON.stringify(name)} in resources; there are: ${known}`;
    throw new ConfigFault(["warmup", "resources", place], message);
  }
  if (!enabled) return [];
  const isOn = (name: string) => resources[name]?.enabled !== false;
  return (names ?? Object.keys(resources)).filter(isOn);
}

function mapped<From, To>(all: Readonly<Record<string, From>>, map: (one: From) => To) {
  return Object.fromEntries(Object.entries(all).map(([name, one]) => [name, map(one)]));
}
