import { existsSync, linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { type GatewayOptions, randomToken } from "./options.js";

/**
 * `options` with a token, where they need one: their own, else the variable `TR_GATEWAY_TOKEN`, else that in
 * the file beside the config file. It is made when it is not there, for its owner alone, so that no token
 * has to be printed, and clients go on after a restart.
 */
export function withToken(
  options: GatewayOptions,
  configFile: string,
  environment: Readonly<Record<string, string | undefined>>,
): { options: GatewayOptions; tokenFile?: string } {
  if (options.auth === "none" || options.token !== undefined) return { options };
  const given = environment.TR_GATEWAY_TOKEN;
  if (given) return { options: { ...options, token: given } };
  const tokenFile = `${configFile}.token`;
  if (!existsSync(tokenFile)) makeTokenFile(tokenFile);
  return { options: { ...options, token: readFileSync(tokenFile, "utf8").trim() }, tokenFile };
}

/** Under another name first: a server that starts at the same moment finds the whole token, or none. */
function makeTokenFile(file: string): void {
  const draft = `${file}.${randomToken().slice(0, 8)}.tmp`;
  try {
    writeFileSync(draft, `${randomToken()}\n`, { mode: 0o600, flag: "wx" });
    linkSync(draft, file);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}
