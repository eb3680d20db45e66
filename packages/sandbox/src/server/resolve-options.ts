import { statSync } from "node:fs";
import { isAbsolute } from "node:path";
import { PythonSession, TrError } from "@tr/session";
import type { ApiOptions, Isolation, ResourceOptions, SandboxOptions } from "./options.js";

export interface ResolvedSandboxOptions extends Pick<SandboxOptions, "python" | "env"> {
  readonly folder: string;
  readonly resources: ReadonlyMap<string, Required<ResourceOptions>>;
  /** By Python module. */
  readonly modules: ReadonlyMap<string, Readonly<Record<string, Required<ApiOptions>>>>;
  readonly apiReplicas: number;
  readonly sessionTtlMs: number;
  readonly warmup: readonly string[];
  readonly startTimeoutMs: number;
}

const known = new Set<string>([
  ...["folder", "resources", "apis", "apiReplicas", "sessionTtlMs", "warmup"],
  ...["python", "env", "startTimeoutMs"],
]);
const isolations: readonly Isolation[] = ["shared", "session"];

/** Checks the options once and fills in the defaults. @throws TrError `TR_INVALID_ARGUMENT`, naming the option. */
export function resolveSandboxOptions(options: SandboxOptions): ResolvedSandboxOptions {
  onlyKnown("", options, known);
  const { folder, python, env, startTimeoutMs = 60_000, warmup = [] } = options;
  if (typeof folder !== "string" || !isAbsolute(folder) || !isDirectory(folder)) {
    throw invalid("folder", "the absolute path of a folder", folder);
  }
  const own = { ...(python !== undefined && { python }), ...(env !== undefined && { env }) };
  new PythonSession({ ...own, startTimeoutMs }); // checks them, and starts nothing
  const resources = new Map(
    Object.entries(record("resources", options.resources)).map(([name, resource]) => [
      name,
      resolveResource(`resources.${name}`, name, resource),
    ]),
  );
  if (!Array.isArray(warmup) || warmup.some((name) => !resources.has(name))) {
    const names = [...resources.keys()].join(", ");
    throw invalid("warmup", `a list of names in resources (${names || "there is none"})`, warmup);
  }
  return {
    ...own,
    ...{ folder, resources, warmup, startTimeoutMs },
    modules: modulesOf(record("apis", options.apis)),
    apiReplicas: wholeNumber("apiReplicas", options.apiReplicas ?? 1),
    sessionTtlMs: wholeNumber("sessionTtlMs", options.sessionTtlMs ?? 300_000),
  };
}

function resolveResource(
  path: string,
  name: string,
  resource: ResourceOptions,
): Required<ResourceOptions> {
  checkName(path, name);
  onlyKnown(path, resource, new Set(["backendClass", "isolation", "config"]));
  const { backendClass, isolation = "shared", config = {} } = resource;
  splitReference(`${path}.backendClass`, backendClass);
  if (!isolations.includes(isolation)) {
    throw invalid(`${path}.isolation`, `one of ${isolations.join(", ")}`, isolation);
  }
  return { backendClass, isolation, config: record(`${path}.config`, config) };
}

/** Functions of one module share its processes, and what it has in memory. */
function modulesOf(apis: Record<string, ApiOptions>) {
  const modules = new Map<string, Record<string, Required<ApiOptions>>>();
  for (const [name, api] of Object.entries(apis)) {
    const path = `apis.${name}`;
    checkName(path, name);
    onlyKnown(path, api, new Set(["function", "config"]));
    const [module] = splitReference(`${path}.function`, api.function);
    const functions = modules.get(module) ?? {};
    functions[name] = { function: api.function, config: record(`${path}.config`, api.config) };
    modules.set(module, functions);
  }
  return modules;
}

/** `module:name` or `module.name`. */
function splitReference(path: string, text: unknown): [module: string, name: string] {
  const [, module, name] = (typeof text === "string" && reference.exec(text)) || [];
  if (module !== undefined && name !== undefined) return [module, name];
  throw invalid(path, '"module:name" or "module.name"', text);
}

const reference = /^([^\s:]+)[:.]([^\s:.]+)$/;

function checkName(path: string, name: string): void {
  if (!/^[^\s:]+$/.test(name)) throw invalid(path, "a name without spaces and colons", name);
}

function record<Value>(path: string, value: Readonly<Record<string, Value>> | undefined | object) {
  if (value === undefined) return {};
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, Value>;
  }
  throw invalid(path, "an object", value);
}

function onlyKnown(path: string, value: object, names: ReadonlySet<string>): void {
  for (const name of Object.keys(record(path || "options", value))) {
    if (names.has(name)) continue;
    const expected = `one of ${[...names].join(", ")}`;
    throw invalid(path === "" ? name : `${path}.${name}`, expected, "an unknown option");
  }
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;
}

function wholeNumber(name: string, value: number): number {
  if (Number.isSafeInteger(value) && value >= 1) return value;
  throw invalid(name, "a whole number ≥ 1", value);
}

function invalid(name: string, expected: string, found: unknown): TrError {
  const text = found === "an unknown option" ? found : JSON.stringify(found);
  return new TrError("TR_INVALID_ARGUMENT", `option ${name}: expected ${expected}, found ${text}`);
}
