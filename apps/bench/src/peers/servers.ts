import type { ServerKind } from "../peer.js";
import { Worker } from "../worker.js";

const windows = process.platform === "win32";
const fastapi = ["fastapi", "uvicorn", "httptools", ...(windows ? [] : ["uvloop"])];

function server(
  serves: ServerKind["serves"],
  script: string,
  args: readonly string[] = [],
): Pick<ServerKind, "group" | "serves" | "open"> {
  return {
    group: "server",
    serves,
    open(place) {
      const worker = new Worker(place, script, [place.python, ...args], "pipe");
      return { start: () => worker.firstLine(), stop: () => worker.stop() };
    },
  };
}

/**
 * An agent that gives its question back, as one event, and a tool that gives its argument back. No server asks
 * for a token or writes a line for each request.
 */
export const servers: readonly ServerKind[] = [
  { name: "gateway", title: "@tr/gateway", ...server("chat", "chat-gateway.mjs") },
  {
    name: "fastapi",
    title: "FastAPI + uvicorn, async agent",
    pypi: fastapi,
    ...server("chat", "fastapi_worker.py", ["async"]),
  },
  {
    name: "fastapi-threads",
    title: "FastAPI + uvicorn, agent in threads",
    pypi: fastapi,
    ...server("chat", "fastapi_worker.py", ["threads"]),
  },
  { name: "sandbox", title: "@tr/gateway, sandbox", ...server("execute", "sandbox-gateway.mjs") },
  {
    name: "fastapi-endpoint",
    title: "FastAPI + uvicorn, plain endpoint",
    pypi: fastapi,
    ...server("execute", "fastapi_endpoint.py"),
  },
];
