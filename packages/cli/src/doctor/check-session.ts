import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PythonSession, TrError } from "@tr/session";
import { findPython } from "@tr/worker-py";
import { type Finding, size, type Target } from "./finding.js";

const script = `from tech_renaissance import command, serve

@command
def double(x: int) -> int:
    return x * 2

if __name__ == "__main__":
    serve()
`;

/** Starts a worker, calls it and stops it; tells which workspace was chosen. */
export async function checkSession(
  target: Target,
): Promise<{ findings: Finding[]; workspace: string | undefined }> {
  const folder = mkdtempSync(join(tmpdir(), "tr-doctor-"));
  try {
    const path = join(folder, "server.py");
    writeFileSync(path, script);
    // The interpreter that the user's script would get, not the one for the temporary directory.
    const { file, args } = findPython({
      ...(target.script && { script: target.script }),
      ...(target.python && { python: target.python }),
    });
    const session = new PythonSession({ script: path, python: [file, ...args], quiet: true });
    try {
      const begun = performance.now();
      await session.start();
      const started = performance.now();
      await session.call("double", [21]);
      const answered = performance.now();
      const text = `started in ${ms(started - begun)}, first answer in ${ms(answered - started)}`;
      const { workspace } = session.info ?? {};
      const finding: Finding = { level: "fine", about: "session", text };
      return { findings: [finding, ...workspaceFindings(workspace)], workspace };
    } finally {
      await session.close();
    }
  } catch (error) {
    if (!TrError.is(error)) throw error;
    const mend = error.message.includes("workspace")
      ? "Name a folder of your own with TR_WORKSPACE."
      : "Mend what the message says, then run tr doctor again.";
    const finding: Finding = { level: "bad", about: "session", text: error.message, mend };
    return { findings: [finding], workspace: undefined };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const ms = (value: number) => `${value.toFixed(1)} ms`;
/** A session takes the memory file system from this on: option minFreeBytes. */
const enoughBytes = 256 * 2 ** 20;

function workspaceFindings(workspace: string | undefined): Finding[] {
  if (workspace === undefined) return [];
  const free = statfs(workspace)?.free ?? 0;
  const findings: Finding[] = [
    free >= enoughBytes
      ? { level: "fine", about: "workspace", text: `${workspace}, ${size(free)} free` }
      : {
          level: "note",
          about: "workspace",
          text: `${workspace}, only ${size(free)} free`,
          mend: "Tensors on their way need room: free some, or name another folder with TR_WORKSPACE.",
        },
  ];
  const shared = process.platform === "linux" ? statfs("/dev/shm") : undefined;
  if (shared === undefined) return findings;
  const text = `/dev/shm, ${size(shared.total)}, ${size(shared.free)} free`;
  const about = "shared memory";
  const mend = "Tensors go by disk: give it more (docker run --shm-size=1g) or free some.";
  const isUsed = workspace.startsWith("/dev/shm/") || shared.free >= enoughBytes;
  return [
    ...findings,
    isUsed ? { level: "fine", about, text } : { level: "note", about, text, mend },
  ];
}

function statfs(path: string): { total: number; free: number } | undefined {
  try {
    const { blocks, bavail, bsize } = statfsSync(path);
    return { total: blocks * bsize, free: bavail * bsize };
  } catch {
    return undefined; // this system has no such file system
  }
}
