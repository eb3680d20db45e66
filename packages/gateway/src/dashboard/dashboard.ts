import type { ChatModule } from "../chat/chat.js";
import type { GatewayModule } from "../gateway-module.js";
import type { App } from "../http/app.js";
import { errorBody } from "../http/errors.js";
import { type PageFile, pageFile } from "../page-files.js";
import type { SandboxModule } from "../sandbox/sandbox-module.js";
import { sandboxStateOf } from "./sandbox-state.js";
import { sandboxState } from "./sandbox-state-schema.js";
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
/** Pictures that a tool gives are shown from the page's own memory. */
const sandboxHeaders = {
  ...headers,
  "content-security-policy": headers["content-security-policy"].replace(
    "img-src 'self'",
    "img-src 'self' blob:",
  ),
};

export interface DashboardParts {
  readonly chat?: ChatModule | undefined;
  readonly sandbox?: Pick<SandboxModule, "snapshot" | "trouble"> | undefined;
  readonly needsToken: boolean;
}

/**
 * A page for each part, which holds no data and so needs no token, and what it shows, which does. The first
 * is at `/`, the sandbox's at `/sandbox` too.
 */
export function createDashboard({ chat, sandbox, needsToken }: DashboardParts): GatewayModule {
  const hasBoth = chat !== undefined && sandbox !== undefined;
  const page = (name: "index.html" | "sandbox.html"): PageFile => {
    const { type, content } = pageFile(name);
    const links = hasBoth ? linksOn(name) : "";
    const whole = content.replace("<!-- other pages -->", links);
    return {
      type,
      content: needsToken ? whole : whole.replace('data-auth="token"', 'data-auth="none"'),
    };
  };
  const files = (all: Record<string, PageFile>, app: App, sent: Record<string, string>) => {
    for (const [path, { type, content }] of Object.entries(all)) {
      const options = { config: { isPublic: true }, schema: { hide: true } };
      app.get(path, options, (_, reply) => reply.headers(sent).type(type).send(content));
    }
  };
  const refusals = { 401: errorBody, 403: errorBody };
  return {
    register(app: App) {
      files(
        {
          "/dashboard/style.css": pageFile("style.css"),
          "/dashboard/icon.svg": pageFile("icon.svg"),
        },
        ...([app, headers] as const),
      );
      if (chat !== undefined) {
        const all = { "/": page("index.html"), "/dashboard/main.js": pageFile("main.js") };
        files(all, app, headers);
        const summary = "What the dashboard shows: workers, sessions, queue, the last five minutes";
        app.get(
          "/dashboard/state",
          { schema: { summary, response: { 200: dashboardState, ...refusals } } },
          (_, reply) => {
            void reply.header("cache-control", "no-store");
            return stateOf(chat.overview());
          },
        );
      }
      if (sandbox !== undefined) {
        const own = page("sandbox.html");
        const all = { "/sandbox": own, "/dashboard/sandbox.js": pageFile("sandbox.js") };
        files(chat === undefined ? { "/": own, ...all } : all, app, sandboxHeaders);
        const summary = "What the sandbox's page shows: back ends and sessions";
        app.get(
          "/dashboard/sandbox",
          { schema: { summary, response: { 200: sandboxState, ...refusals } } },
          (_, reply) => {
            void reply.header("cache-control", "no-store");
            return sandboxStateOf(sandbox);
          },
        );
      }
    },
    health: () => ({ fields: {} }),
    ready: async () => {},
    drain: async () => {},
    close: async () => {},
  };
}

/** To the other page, as the links of one. */
function linksOn(name: "index.html" | "sandbox.html"): string {
  const link = (to: string, text: string, isHere: boolean) =>
    `<a href="${to}"${isHere ? ' aria-current="page"' : ""}>${text}</a>`;
  const links = [
    link("./", "Chat", name === "index.html"),
    link("sandbox", "Sandbox", name === "sandbox.html"),
  ];
  return `<nav aria-label="Pages">${links.join(" ")}</nav>`;
}
