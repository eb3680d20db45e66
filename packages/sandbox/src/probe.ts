import { TrError } from "@tr/protocol/errors";
import { refusal } from "./errors.js";
import type { Requests } from "./requests.js";

/** What answers at the server's address: a sandbox, one that still starts or is ending, or nothing. */
export type Found = "ready" | "busy" | "nothing";

const timeoutMs = 2000;

/** Asks once. @throws TrError for a server that is none of ours, or refuses this client */
export async function probe(requests: Requests, signal: AbortSignal | undefined): Promise<Found> {
  requests.forget();
  const { url } = requests.place;
  if (url === undefined) return "nothing";
  try {
    const options = { signal, timeoutMs, retry: false };
    const { status, body } = await requests.json("GET", "/ready", undefined, options);
    if (status === 503) return "busy";
    if (status !== 200) throw refusal(url, status, body);
    return (Object(body) as { status?: unknown }).status === "ready" ? "ready" : "busy";
  } catch (error) {
    if (TrError.is(error, "TR_CALL_TIMEOUT")) return "busy";
    if (!TrError.is(error, "TR_SANDBOX_UNREACHABLE") || error.status !== undefined) throw error;
    return error.mayHaveRun ? "busy" : "nothing";
  }
}
