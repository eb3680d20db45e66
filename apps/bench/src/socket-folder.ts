import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A folder of its own for a Unix socket, whose path must be short (104 bytes on macOS). */
export function socketFolder(): { readonly path: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), "trb-"));
  const remove = () => rmSync(folder, { recursive: true, force: true });
  process.once("exit", remove); // of a lane that fails
  return {
    path: join(folder, "s"),
    remove() {
      process.off("exit", remove);
      remove();
    },
  };
}
