import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterEach, beforeEach } from "vitest";
import { agentScript, until } from "./gateways.js";

/** Gateways as processes of their own, in a folder of the test's. */
export function useServed() {
  const running: { kill(signal: "SIGKILL"): boolean }[] = [];
  const context = { folder: "", serve };
  beforeEach(() => {
    context.folder = mkdtempSync(join(tmpdir(), "tr-serve-"));
    mkdirSync(join(context.folder, "workspace"));
  });
  afterEach(() => {
    for (const process_ of running.splice(0)) process_.kill("SIGKILL");
    // A worker that dies with its gateway may just be writing.
    rmSync(context.folder, { recursive: true, force: true, maxRetries: 5 });
  });

  async function serve(
    config: { server?: object; agent?: object; tasks?: object; resources?: object },
    env: Record<string, string> = {},
  ) {
    const file = join(context.folder, "gateway.json");
    const server = { port: 0, log_format: "pretty", ...config.server };
    const isSandbox = config.resources !== undefined && config.agent === undefined;
    const agent = isSandbox ? undefined : { script: agentScript, ...config.agent };
    writeFileSync(file, JSON.stringify({ ...config, server, agent }));
    const program = fileURLToPath(new URL("serve.mjs", import.meta.url));
    const workspace = join(context.folder, "workspace");
    const process_ = execa(process.execPath, [program, file], {
      env: { TR_WORKSPACE: workspace, ...env },
      ...{ all: true, reject: false },
    });
    running.push(process_);
    let output = "";
    let hasEnded = false;
    void process_.then(() => (hasEnded = true));
    process_.all?.on("data", (chunk) => (output += chunk));
    await until(() => /listening at /.test(output) || hasEnded, 60_000);
    const url = /listening at (http:\S+)/.exec(output)?.[1] ?? "";
    return { process: process_, url, output: () => output, file, workspace };
  }

  return context;
}

export const headersWith = (token: string) => ({
  authorization: `Bearer ${token}`,
  "content-type": "application/json",
});
