import { readFile, realpath } from "node:fs/promises";
import { isAbsolute, relative, resolve, sep } from "node:path";
import { messageOf } from "./answers.js";
import { isObject } from "./merged.js";

type Config = Record<string, unknown>;

/** A JSON object from a file inside the folder, links resolved; or what is wrong, without a word about what lies outside. */
export async function readConfig(
  folder: string,
  path: string,
  substitute: (config: Config) => Config = (config) => config,
): Promise<{ config: Config } | { problem: string }> {
  const file = await insideOf(folder, path);
  if (file === undefined) return { problem: "there is no such file in the server's folder" };
  try {
    const config: unknown = JSON.parse(await readFile(file, "utf8"));
    return isObject(config) ? { config: substitute(config) } : { problem: "no JSON object" };
  } catch (error) {
    return { problem: messageOf(error) };
  }
}

async function insideOf(folder: string, path: string): Promise<string | undefined> {
  try {
    const root = await realpath(folder);
    const file = await realpath(resolve(root, path));
    const way = relative(root, file);
    const isInside = way !== "" && way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
    return isInside ? file : undefined;
  } catch {
    return undefined; // not there, or no right to look: outside or inside, the answer is the same
  }
}
