import { TrError } from "@tr/protocol/errors";

/** One name and at most two extensions: nothing in it can leave the directory, on any platform. */
export const fileNamePattern: RegExp = /^[A-Za-z0-9_-]{1,64}(\.[A-Za-z0-9_-]{1,16}){0,2}$/;

// A Windows program that opens a file of these names, with any extension, gets a device:
// https://learn.microsoft.com/windows/win32/fileio/naming-a-file
const device = /^(con|prn|aux|nul|com[0-9]|lpt[0-9])(\.|$)/i;

/** @throws TrError TR_INVALID_ARGUMENT */
export function checkFileName(name: unknown): asserts name is string {
  if (typeof name === "string" && fileNamePattern.test(name)) {
    if (process.platform !== "win32" || !device.test(name)) return;
  }
  const found = typeof name === "string" ? JSON.stringify(name).slice(0, 80) : `a ${typeof name}`;
  throw new TrError(
    "TR_INVALID_ARGUMENT",
    `A file name must match ${fileNamePattern.source} and be no device of Windows, found ${found}.`,
  );
}

/** A name to write to: the ending `.tmp` belongs to half-written files, which nobody waits for. */
export function checkNewFileName(name: unknown): asserts name is string {
  checkFileName(name);
  if (!isTemporary(name)) return;
  throw new TrError(
    "TR_INVALID_ARGUMENT",
    `${name} cannot be written: names that end in .tmp are those of half-written files.`,
  );
}

/** Whether a name in the directory is a half-written file of either side. */
export function isTemporary(name: string): boolean {
  return name.endsWith(".tmp");
}

// The protocol fixes the temporary names of these two; old programs use the same.
const fixed: Readonly<Record<string, string>> = {
  "request.json": "request.tmp",
  "response.json": "response.tmp",
};
// Unique per process and call; O_EXCL decides if another process should ever hit on the same.
const prefix = Math.random().toString(36).slice(2, 10);
let counter = 0;

/** The name to write under before the rename. `inUse`: fixed names that a write under way has. */
export function temporaryName(name: string, inUse: ReadonlySet<string>): string {
  const own = Object.hasOwn(fixed, name) ? fixed[name] : undefined;
  if (own !== undefined && !inUse.has(own)) return own;
  return newTemporaryName(name);
}

/** One that nobody else uses. */
export function newTemporaryName(name: string): string {
  counter += 1;
  return `${name}.${prefix}${counter.toString(36)}.tmp`;
}
