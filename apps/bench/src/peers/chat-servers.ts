import type { ServerKind } from "../peer.js";
import { Worker } from "../worker.js";

const windows = process.platform === "win32";
const fastapi = ["fastapi", "uvicorn", "httptools", ...(windows ? [] : ["uvloop"])];

function server(script: string, args: readonly string[] = []): Pick<ServerKind, "group" | "open"> {
  return {
    group: "server",
    open(place) {
      const worker = new Worker(place, script, [place.python, ...args], "pipe");
      return { start: () => worker.firstLine(), stop: () => worker.stop() };
    },
  };
}

/** An agent that gives its question back, as one event. No server asks for a token or writes a line for each request. */
export const chatServers: readonly ServerKind[] = [
  { name: "gateway", title: "@tr/gateway", ...server("chat-gateway.mjs") },
  {
    name: "fastapi",
    title: "FastAPI + uvicorn, async agent",
    pypi: fastapi,
    ...server("fastapi_worker.py", ["async"]),
  },
  {
    name: "fastapi-threads",
    title: "FastAPI + uvicorn, agent in threads",
    pypi: fastapi,
    ...server("fastapi_worker.py", ["threads"]),
  },
];
