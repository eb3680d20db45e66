import { readFileSync } from "node:fs";
import { basename, resolve } from "node:path";
import { TrError } from "@tr/pool";
import type { GatewayOptions } from "../options.js";
import { ConfigFault, withVariables } from "./environment.js";
import { gatewayOptions } from "./gateway-options.js";
import { type Config, configSchema } from "./schema.js";

type Environment = Readonly<Record<string, string | undefined>>;

/** What a config file says, as options of a gateway. @throws TrError `TR_INVALID_ARGUMENT` with the place in the file. */
export function readConfigFile(
  file: string,
  environment: Environment = process.env,
): GatewayOptions {
  return at(file, () => gatewayOptions(parseConfig(readJson(file), environment), resolve(file)));
}

/** @throws ConfigFault */
export function parseConfig(json: unknown, environment: Environment): Config {
  const { data, error } = configSchema.safeParse(withVariables(json, environment));
  if (error === undefined) return data;
  const [issue] = error.issues;
  if (issue?.code !== "unrecognized_keys") {
    const fault = issue?.code === "invalid_key" ? issue.issues[0] : issue;
    throw new ConfigFault(issue?.path ?? [], fault?.message ?? "is not valid");
  }
  throw new ConfigFault(
    [...issue.path, issue.keys[0] ?? ""],
    "there is no such key; remarks begin with _",
  );
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, "utf8"));
  } catch (cause) {
    throw new ConfigFault([], (cause as Error).message);
  }
}

function at<T>(file: string, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (!(cause instanceof ConfigFault)) throw cause;
    const place = [basename(file), cause.path.map(String).join(".")].filter(Boolean).join(": ");
    throw new TrError("TR_INVALID_ARGUMENT", `${place}: ${cause.message}`);
  }
}
