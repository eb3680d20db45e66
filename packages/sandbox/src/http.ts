import { type ClientRequest, Agent as HttpAgent, type IncomingMessage, request } from "node:http";
import { Agent as HttpsAgent, request as requestTls } from "node:https";

export interface HttpRequest {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly token: string | undefined;
  /** JSON. */
  readonly body?: string | undefined;
  /** Of this request alone. Ends it; the promise is rejected with its reason. */
  readonly signal: AbortSignal;
  /** True: the request does not keep the program alive. */
  readonly isIdle?: boolean | undefined;
}

export interface HttpAnswer {
  readonly status: number;
  readonly text: string;
}

/** A request that got no answer. */
export class NoAnswer extends Error {
  /** False: nothing of it was sent. */
  readonly mayHaveRun: boolean;

  constructor(cause: Error, mayHaveRun: boolean) {
    // Several addresses of a name are tried, and each has its own reason: an AggregateError without a text.
    super(cause.message || ((cause as NodeJS.ErrnoException).code ?? cause.name), { cause });
    this.mayHaveRun = mayHaveRun;
  }
}

// Shorter than servers keep idle connections (5 s here and in others): one that is just being closed takes
// a request that then has no answer.
const idleTimeoutMs = 3000;

/**
 * One client's connections, kept open between requests. `node:http`, because `fetch` gives an answer up
 * after 300 s, whatever its signal, and only the package undici can tell it otherwise
 * (https://github.com/nodejs/undici/issues/1373); and because it tells whether a request had been sent.
 */
export class Connections {
  readonly #agents = {
    http: new HttpAgent({ keepAlive: true, timeout: idleTimeoutMs }),
    https: new HttpsAgent({ keepAlive: true, timeout: idleTimeoutMs }),
  };

  /** @throws NoAnswer; the reason of the signal. */
  async send({ method, url, token, body, signal, isIdle }: HttpRequest): Promise<HttpAnswer> {
    signal.throwIfAborted();
    const isTls = url.startsWith("https:");
    const sent = (isTls ? requestTls : request)(url, {
      method,
      agent: isTls ? this.#agents.https : this.#agents.http,
      headers: {
        accept: "application/json",
        ...(body !== undefined && { "content-type": "application/json" }),
        ...(token !== undefined && { authorization: `Bearer ${token}` }),
      },
    });
    signal.addEventListener("abort", () => sent.destroy(), { once: true });
    let isConnected = false;
    sent.once("socket", (socket) => {
      if (isIdle) socket.unref();
      if (!socket.connecting) isConnected = true;
      else socket.once(isTls ? "secureConnect" : "connect", () => (isConnected = true));
    });
    try {
      const answered = answerTo(sent);
      sent.end(body);
      const answer = await answered;
      return { status: answer.statusCode ?? 0, text: await textOf(answer) };
    } catch (error) {
      signal.throwIfAborted();
      throw new NoAnswer(error as Error, isConnected);
    }
  }

  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }
}

function answerTo(sent: ClientRequest): Promise<IncomingMessage> {
  return new Promise((resolve, reject) => {
    sent.once("response", resolve);
    sent.on("error", reject); // also the second one, which nobody waits for any more
  });
}

async function textOf(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of answer) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString("utf8");
}
