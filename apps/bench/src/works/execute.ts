import type { Work } from "../work.js";
import { serverWork } from "./server-work.js";

interface ToolAnswer {
  readonly code: number;
  readonly data: unknown;
  readonly meta: { readonly session_id: string; readonly tool: string };
}

export const execute: Work = serverWork(
  "execute",
  "POST /api/v1/execute of a tool that gives back a text of 50 bytes, in a session",
  "/api/v1/execute",
  async (post, call) => {
    const text = `${call} `.padEnd(50, "x");
    const body = { worker_id: "bench", action: "echo:echo", params: { text } };
    const { code, data, meta } = (await post(body)) as ToolAnswer;
    if (code === 0 && data === text && meta.tool === "echo:echo" && meta.session_id !== "") return;
    throw new Error(`a wrong answer to ${text}: ${JSON.stringify({ code, data, meta })}`);
  },
);
