import { fileURLToPath } from "node:url";
import { type ChatOptions, createGateway, type Gateway } from "@tr/gateway";
import type { Address } from "./ask.js";
import { servePage } from "./page-server.js";

export interface ChatStreamOptions {
  /** Where the gateway and the page listen on loopback; 0: any that is free. */
  readonly ports: { readonly gateway: number; readonly page: number };
  /** How many are answered at once, each by a process of its own. Default: 2. */
  readonly users?: number;
  /** The folder of the trained weights. */
  readonly cache: string;
  /** What the agent gets: `generate_cfg`, `seed` (default: another each time), `pause_s` between two characters. */
  readonly template: NonNullable<ChatOptions["template"]>;
}

export interface ChatStream extends AsyncDisposable {
  readonly gateway: Gateway;
  readonly address: Address;
  /** The page, signed in: the token is in the part that no browser sends. */
  readonly link: string;
}

/** Starts the gateway and the page. Resolves when both can be asked. */
export async function startChatStream({
  ports,
  users = 2,
  cache,
  template,
}: ChatStreamOptions): Promise<ChatStream> {
  let url = "";
  const page = await servePage(ports.page, () => url);
  const gateway = createGateway({
    port: ports.gateway,
    corsOrigins: [page.url],
    log: { level: "warn" },
    chat: {
      script: fileURLToPath(new URL("../agent.py", import.meta.url)),
      template,
      maxConcurrent: users,
      env: { CHAT_STREAM_CACHE: cache },
    },
  });
  const close = async () => {
    page.close();
    await gateway.close();
  };
  try {
    url = await gateway.listen();
    await gateway.ready();
  } catch (error) {
    await close();
    throw error;
  }
  const { token = "" } = gateway;
  return {
    gateway,
    address: { url, token },
    link: `${page.url}/#${new URLSearchParams({ gateway: url, token })}`,
    [Symbol.asyncDispose]: close,
  };
}
