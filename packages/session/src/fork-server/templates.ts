import { statSync } from "node:fs";
import { resolve } from "node:path";
import type { Program } from "../find-program.js";
import type { ResolvedOptions } from "../options.js";
import type { StartListeners } from "../start-worker.js";
import { scriptEnvironment } from "../worker-environment.js";
import type { SpawnOptions } from "../worker-process.js";
import { Template, type TemplateOptions } from "./template.js";

/** The templates of this program that fork workers: one for all that a script is run with. */
const templates = new Map<string, Promise<Template>>();

/**
 * The template of these options, made if there is none, when it has imported the script.
 *
 * @throws as {@link Template.start} and {@link Template.waitUntilReady}
 */
export async function readyTemplate(
  program: Program,
  options: ResolvedOptions,
  { onLine, onImporting, signal }: StartListeners,
): Promise<Template> {
  const template = await templateFor(program, options, onLine);
  if (!template.isReady) onImporting(template.pid);
  await template.waitUntilReady(options.startTimeoutMs, signal);
  return template;
}

function templateFor(
  program: Program,
  options: ResolvedOptions,
  onLine: SpawnOptions["onLine"],
): Promise<Template> {
  const wanted: TemplateOptions = {
    ...program,
    scriptArgs: options.args,
    cwd: resolve(options.cwd ?? "."),
    env: scriptEnvironment(options),
  };
  // A script that was edited is another one. What it imports is not looked at.
  const { ino, size, mtimeMs } = statSync(program.script);
  const key = JSON.stringify([wanted, ino, size, mtimeMs]);
  const there = templates.get(key);
  if (there !== undefined) return there;
  const forget = () => {
    if (templates.get(key) === made) templates.delete(key);
  };
  const made = Template.start(wanted, { onLine, onOver: forget });
  templates.set(key, made);
  made.catch(forget);
  return made;
}
