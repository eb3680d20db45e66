import { readFileSync } from "node:fs";
import { TrError } from "@tr/protocol/errors";
import { findServer, reachable } from "./server-notes.js";
import { readPrivateFile } from "./state-folder.js";

export interface PlaceOptions {
  /** The whole path. */
  readonly config: string | undefined;
  readonly serverUrl: string | undefined;
  readonly token: string | undefined;
}

export interface Place {
  /** Without a slash at its end; `undefined`: the config file says port 0, and no server runs with it. */
  readonly url: string | undefined;
  readonly token: string | undefined;
  /** Of a server of this user that has noted it. */
  readonly pid: number | undefined;
  /** Of the same: which start it comes from, if from a client's. */
  readonly startId: string | undefined;
}

/**
 * Where the server is, and what lets a client in: what was given, else what a running server has noted of
 * itself, else what stands in the config file and in the token file beside it.
 *
 * @throws TrError `TR_INVALID_ARGUMENT` for a config file that cannot be read
 */
export function findPlace({ config, serverUrl, token }: PlaceOptions): Place {
  const note =
    serverUrl !== undefined
      ? findServer({ url: serverUrl })
      : config !== undefined
        ? findServer({ config })
        : undefined;
  const noted = note && reachable(note.url);
  return {
    pid: note?.pid,
    startId: note?.startId,
    url: serverUrl ?? noted ?? (config === undefined ? undefined : urlInConfig(config)),
    token:
      token ||
      process.env.TR_GATEWAY_TOKEN ||
      note?.token ||
      (config === undefined ? undefined : readPrivateFile(`${config}.token`)?.trim()),
  };
}

/** `server.url`, or `server.host` and `server.port`, with the gateway's defaults. */
function urlInConfig(file: string): string | undefined {
  const fault = (cause: unknown, text: string) =>
    new TrError("TR_INVALID_ARGUMENT", `option config: ${file}: ${text}`, { cause });
  let server: Record<string, unknown>;
  try {
    server = JSON.parse(readFileSync(file, "utf8")).server ?? {};
  } catch (cause) {
    throw fault(cause, (cause as Error).message);
  }
  const read = (name: string) => {
    const value = server[name];
    return value === undefined ? undefined : withVariables(String(value));
  };
  const [text, ownHost, ownPort] = [read("url"), read("host"), read("port")];
  if (text !== undefined && !URL.canParse(text)) throw fault(undefined, `server.url: ${text}`);
  const url = text === undefined ? undefined : new URL(text);
  const port = ownPort ?? (url?.port || "18890");
  if (port === "0") return undefined;
  const host = ownHost?.includes(":") ? `[${ownHost}]` : ownHost;
  const made = `http://${host ?? url?.hostname ?? "127.0.0.1"}:${port}`;
  if (!URL.canParse(made)) throw fault(undefined, `server.host and server.port make ${made}`);
  return reachable(made);
}

/** As the gateway reads them: `${NAME}` and `${NAME:-default}`; one without either is for the server to say. */
function withVariables(text: string): string {
  return text.replaceAll(
    /\$\{([A-Za-z_]\w*)(?::-([^}]*))?\}/g,
    (whole, name: string, general: string | undefined) =>
      process.env[name] || (general ?? process.env[name] ?? whole),
  );
}
