import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A new directory, removed when the test is over: give it vitest's `onTestFinished`. */
export function temporaryDirectory(onTestFinished: (cleanUp: () => void) => void): string {
  const directory = mkdtempSync(join(tmpdir(), "tr-channel-"));
  onTestFinished(() => rmSync(directory, { recursive: true, force: true }));
  return directory;
}
