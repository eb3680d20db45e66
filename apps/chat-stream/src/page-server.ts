import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";

const files = {
  "/": ["index.html", "text/html"],
  "/main.js": ["main.js", "text/javascript"],
  "/style.css": ["style.css", "text/css"],
} as const;

export interface PageServer {
  /** As `http://127.0.0.1:18891`: the origin that the gateway has to let in. */
  readonly url: string;
  close(): void;
}

/**
 * Hands out the page, on loopback, and nothing else: what the page asks goes to the gateway straight from
 * the browser. There is no secret in the page; the token is in the link that opens it.
 *
 * @param gatewayUrl the one other place the page may talk to; asked for with each request
 */
export async function servePage(port: number, gatewayUrl: () => string): Promise<PageServer> {
  const server = createServer(({ method, url = "" }, response) => {
    const path = url.split("?")[0];
    if (method !== "GET" || !(path && Object.hasOwn(files, path))) {
      response.writeHead(404).end();
      return;
    }
    const [name, type] = files[path as keyof typeof files];
    response.writeHead(200, {
      "content-type": `${type}; charset=utf-8`,
      "cache-control": "no-store",
      "content-security-policy": `default-src 'none'; script-src 'self'; style-src 'self'; img-src data:; connect-src ${gatewayUrl()}; form-action 'none'; frame-ancestors 'none'; base-uri 'none'`,
      "referrer-policy": "no-referrer",
      "x-content-type-options": "nosniff",
    });
    response.end(readFileSync(new URL(`../dist/page/${name}`, import.meta.url)));
  });
  await listen(server, port);
  const { port: actual } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${actual}`,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}

function listen(server: Server, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once("error", reject).listen(port, "127.0.0.1", resolve);
  });
}
