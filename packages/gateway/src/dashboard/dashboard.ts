import type { ChatModule } from "../chat/chat.js";
import type { GatewayModule } from "../gateway-module.js";
import type { App } from "../http/app.js";
import { errorBody } from "../http/errors.js";
import { type PageFile, pageFile } from "../page-files.js";
import { stateOf } from "./state.js";
import { dashboardState } from "./state-schema.js";

/** The page may use what comes from the gateway itself, and nothing else; no text ever becomes a script. */
const headers = {
  "content-security-policy": [
    "default-src 'none'",
    ...["script-src", "style-src", "img-src", "connect-src"].map((kind) => `${kind} 'self'`),
    ...["base-uri", "form-action", "frame-ancestors"].map((kind) => `${kind} 'none'`),
    "require-trusted-types-for 'script'",
    "trusted-types 'none'",
  ].join("; "),
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-resource-policy": "same-origin",
  "permissions-policy": "camera=(), geolocation=(), microphone=()",
  "referrer-policy": "no-referrer",
  "x-content-type-options": "nosniff",
  "x-frame-options": "DENY",
  "cache-control": "no-cache",
};

/** The page at `/`, which holds no data and so needs no token, and what it shows, which does. */
export function createDashboard(chat: ChatModule, needsToken: boolean): GatewayModule {
  const index = pageFile("index.html");
  const page = needsToken
    ? index
    : { ...index, content: index.content.replace('data-auth="token"', 'data-auth="none"') };
  const files: Record<string, PageFile> = {
    "/": page,
    "/dashboard/main.js": pageFile("main.js"),
    "/dashboard/style.css": pageFile("style.css"),
    "/dashboard/icon.svg": pageFile("icon.svg"),
  };
  return {
    register(app: App) {
      for (const [path, { type, content }] of Object.entries(files)) {
        const options = { config: { isPublic: true }, schema: { hide: true } };
        app.get(path, options, (_, reply) => reply.headers(headers).type(type).send(content));
      }
      app.get(
        "/dashboard/state",
        {
          schema: {
            summary: "What the dashboard shows: workers, sessions, queue, the last five minutes",
            response: { 200: dashboardState, 401: errorBody, 403: errorBody },
          },
        },
        (_, reply) => {
          void reply.header("cache-control", "no-store");
          return stateOf(chat.overview());
        },
      );
    },
    health: () => ({ fields: {} }),
    ready: async () => {},
    drain: async () => {},
    close: async () => {},
  };
}
