import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readConfigFile } from "@tr/gateway";
import {
  parseCancel,
  parseCredit,
  parseHeartbeat,
  parseHostInfo,
  parseRequest,
  parseResponse,
  parseWorkerInfo,
} from "@tr/protocol";
import { type Background, freePort } from "./background.js";
import type { Block, Page } from "./read-page.js";
import { runCommand } from "./run-command.js";
import { runProgram } from "./run-program.js";

/** What a program has printed, and what the page says that it prints. */
export interface Printed {
  readonly line: number;
  readonly found: string;
  readonly stated: string;
}

/**
 * Runs a page's blocks in order, in a folder of the page's own. A block whose file is named and that
 * is not followed by `output` is there for a later one, which must name it.
 *
 * @throws Error with the line of the block that fails or that nothing runs.
 */
export async function runPage(page: Page, folder: string): Promise<Printed[]> {
  mkdirSync(folder, { recursive: true });
  const background: Background[] = [];
  try {
    return await runBlocks(await withFreePort(page), folder, background);
  } finally {
    for (const program of background) await program.stop();
  }
}

/** The gateway's own port may be in use where the pages are checked. */
async function withFreePort(page: Page): Promise<Page> {
  const port = await freePort();
  const blocks = page.blocks.map((block) => ({
    ...block,
    code: block.code.replaceAll("18890", port),
  }));
  return { ...page, blocks };
}

async function runBlocks(page: Page, folder: string, background: Background[]): Promise<Printed[]> {
  const printed: Printed[] = [];
  for (const [index, block] of page.blocks.entries()) {
    const next = page.blocks[index + 1];
    const stated = next?.language === "output" ? next.code : undefined;
    try {
      const found = await runBlock(block, page, folder, background, stated !== undefined);
      if (stated !== undefined) {
        // Python on Windows ends its lines with both.
        printed.push({ line: block.line, found: found.replaceAll("\r\n", "\n"), stated });
      }
    } catch (error) {
      throw new Error(`line ${block.line}: ${(error as Error).message}`, { cause: error });
    }
  }
  return printed;
}

async function runBlock(
  block: Block,
  page: Page,
  folder: string,
  background: Background[],
  hasOutput: boolean,
): Promise<string> {
  const { language, code } = block;
  switch (language) {
    case "ts":
    case "python": {
      const name = fileName(block);
      writeFileSync(join(folder, name), code);
      if (hasOutput) return runProgram(language === "ts" ? "node" : "python", [name], folder);
      if (!isUsedLater(block, page)) throw new Error("nothing runs it: no output, no later user");
      return "";
    }
    case "sh": {
      const lines = code.trimEnd().split("\n");
      const outputs: string[] = [];
      for (const line of lines) outputs.push(await runCommand(line, page, folder, background));
      return outputs.join("");
    }
    case "json":
      if (block.name === "gateway.json") {
        writeFileSync(join(folder, block.name), code);
        readConfigFile(join(folder, block.name));
      } else parserOf(block)(code);
      return "";
    case "output":
    case "text":
      return "";
    default:
      throw new Error(`"${language}" is none of ts, python, sh, json, output, text`);
  }
}

/** The name of a program's file. */
export function fileName({ name, line, language }: Block): string {
  return name ?? `line-${line}.${language === "ts" ? "ts" : "py"}`;
}

function isUsedLater(block: Block, page: Page): boolean {
  const name = block.name;
  const later = page.blocks.slice(page.blocks.indexOf(block) + 1);
  // A config file names a Python module without its ending.
  const module = `"${name?.replace(/\.py$/, ":")}`;
  return (
    name !== undefined && later.some(({ code }) => code.includes(name) || code.includes(module))
  );
}

const parsers: Readonly<Record<string, (text: string) => unknown>> = {
  "request.json": parseRequest,
  "response.json": parseResponse,
  "worker.json": parseWorkerInfo,
  "host.json": parseHostInfo,
  "heartbeat.json": parseHeartbeat,
  "cancel.json": parseCancel,
  "credit.json": parseCredit,
};

function parserOf({ name = "" }: Block): (text: string) => unknown {
  const parser = parsers[name];
  if (parser === undefined) throw new Error(`which file is it? One of ${Object.keys(parsers)}`);
  return parser;
}
