import { resolve } from "node:path";
import { noteServer } from "@tr/sandbox/server";
import { readConfigFile } from "./config/read-config.js";
import { createGateway, type Gateway } from "./gateway.js";
import type { LogOptions } from "./log.js";
import { withToken } from "./token-file.js";

/** What a program says instead of the config file, and what it is told. */
export interface ServeOptions {
  /** Instead of `server.host` of the file. */
  host?: string;
  /** Instead of `server.port` of the file; 0: any that is free. */
  port?: number;
  /** What the file does not say of the log. */
  log?: LogOptions;
  /** Told once, when it listens; the workers may be starting still. */
  onListening?: (at: Served) => void;
}

export interface Served {
  /** As `http://127.0.0.1:18890`. */
  readonly url: string;
  /** Where clients find the token; `undefined` when they need none, or it was given. */
  readonly tokenFile: string | undefined;
  /** The dashboard, signed in: the token is in the part that no browser sends. For a terminal, not for a log. */
  readonly dashboard: string;
}

/**
 * Serves what a config file says until SIGTERM or Ctrl-C, or until a client of the sandbox asks for the end;
 * then lets what runs end. A second signal ends at once. Resolves when that is done.
 *
 * The token is the file's, or `TR_GATEWAY_TOKEN`, or lies in `<file>.token`, which is made when it is not there.
 * While it listens, programs of the same user find address and token in a note in their state's folder.
 *
 * @throws TrError `TR_INVALID_ARGUMENT` with the place in the file; Error of the system (`EADDRINUSE`); why no request will ever be served.
 */
export async function serve(file: string, given: ServeOptions = {}): Promise<void> {
  const signals = ["SIGTERM", "SIGINT"] as const;
  const asked = Promise.withResolvers<void>();
  const onSignal = () => asked.resolve();
  const { onListening, log, ...address } = given;
  const config = readConfigFile(file);
  const asGiven = { ...config, ...address, log: { ...log, ...config.log } };
  const { options, tokenFile } = withToken(asGiven, file, process.env);
  const gateway = createGateway(options);
  gateway.closing.addEventListener("abort", () => asked.resolve());
  if (tokenFile !== undefined)
    gateway.log.info({ file: tokenFile }, "clients find the token there");
  for (const signal of signals) process.once(signal, onSignal);
  let takeBackNote = () => {};
  try {
    const url = await gateway.listen();
    takeBackNote = leaveNote(gateway, url, resolve(file));
    const { token } = gateway;
    const dashboard = `${url}/${token === undefined ? "" : `#token=${encodeURIComponent(token)}`}`;
    onListening?.({ url, tokenFile, dashboard });
    const ready = gateway.ready().then(() => gateway.log.info("ready"));
    await Promise.race([ready, asked.promise]);
    await asked.promise;
  } finally {
    // From here on the second signal does what it does without us.
    for (const signal of signals) process.off(signal, onSignal);
    takeBackNote();
    await gateway.close();
  }
}

/** Where there is no place for a note, clients have to be given the token: no reason not to serve. */
function leaveNote({ log, token }: Gateway, url: string, config: string): () => void {
  try {
    const startId = process.env.TR_START_ID;
    return noteServer({
      ...{ url, pid: process.pid, config },
      ...(token !== undefined && { token }),
      ...(startId && { startId }),
    });
  } catch (error) {
    log.warn({ err: error }, "no note of this server: its clients have to be told its token");
    return () => {};
  }
}
