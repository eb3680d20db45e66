import { resolve } from "node:path";
import { serve } from "@tr/gateway";
import { readArguments } from "./arguments.js";
import { UsageError } from "./errors.js";

/** `tr serve --config <file> [--port N] [--host address] [--json]`: until SIGTERM or Ctrl-C. */
export async function serveConfig(args: string[]): Promise<number> {
  const { values, words } = readArguments(args, {
    config: { type: "string" },
    port: { type: "string" },
    host: { type: "string" },
    json: { type: "boolean", default: false },
  });
  const { config, host } = values;
  if (config === undefined || words.length > 0)
    throw new UsageError("tr serve takes --config <file>");
  const port = values.port === undefined ? undefined : readPort(values.port);
  await serve(config, {
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    // The address alone is for stdout.
    log: { destination: process.stderr, format: process.stderr.isTTY ? "pretty" : "json" },
    onListening({ url, tokenFile: file, dashboard }) {
      const tokenFile = file === undefined ? null : resolve(file);
      const token = tokenFile === null ? "" : `token in ${tokenFile}\n`;
      // It signs in: nothing for a pipe or a file, which others may read.
      const link = process.stdout.isTTY ? `dashboard: ${dashboard}\n` : "";
      const text = `listening at ${url}\n${token}${link}`;
      const json = `${JSON.stringify({ url, tokenFile })}\n`;
      process.stdout.write(values.json ? json : text);
    },
  });
  return 0;
}

function readPort(text: string): number {
  const port = Number(text);
  if (/^\d+$/.test(text) && port <= 65_535) return port;
  throw new UsageError(`--port: expected 0 to 65535, found ${text.replace("\0", "")}`);
}
