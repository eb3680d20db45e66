import { type ChildProcess, spawn } from "node:child_process";
import type { Socket } from "node:net";
import { buildHostInfo } from "@tr/protocol";
import { hostIdentity } from "./host-identity.js";

/**
 * Reads `add <pid> <directory>` and `del <pid>` lines. When its input ends, which it does whatever this
 * program dies of, it kills the process groups that are still on its list and removes their
 * directories: as sweeping does, behind a claim, and only what is still this program's (`$1` is its
 * host.json), for the next host of the same session id may have taken the place already. The pids
 * are numbers of ours, so `eval` sees no text from outside but through a variable.
 */
const program = `
pids=
while read -r verb pid directory; do
  if [ "$verb" = add ]; then
    pids="$pids $pid"
    eval "directory_$pid=\\$directory"
  else
    rest=
    for other in $pids; do [ "$other" = "$pid" ] || rest="$rest $other"; done
    pids=$rest
  fi
done
for pid in $pids; do kill -s KILL -- "-$pid"; done 2>/dev/null
for pid in $pids; do
  eval "directory=\\$directory_$pid"
  [ -n "$directory" ] || continue
  # A claim that a full disk has no room for is none of somebody else's.
  (set -C; : > "$directory/claim.json") || [ ! -e "$directory/claim.json" ] || continue
  owner=
  read -r owner < "$directory/host.json"
  if [ "$owner" = "$1" ]; then
    away=$directory.$(printf %08x "$pid")
    mv -- "$directory" "$away" && rm -rf -- "$away"
  else
    rm -f -- "$directory/claim.json"
  fi
done 2>/dev/null
`;

const maxStarts = 100;

/**
 * Ends the workers of this program when it is killed, together with whatever they have started: the
 * kernel's parent-death signal reaches the worker alone, and only where the host is its very parent.
 * A shell of about 1 MiB, one for all sessions, in a session of its own so that no signal of the
 * terminal reaches it. Windows has no such shell: there the worker's closed stdin must do.
 */
export class Reaper {
  readonly #workers = new Map<number, string | undefined>();
  #shell: ChildProcess | undefined;
  #starts = 0;

  /** @param directory goes with it */
  add(pid: number, directory: string | undefined): void {
    this.#workers.set(pid, directory);
    if (process.platform === "win32") return;
    if (this.#shell === undefined) this.#start();
    else this.#tell(pid, directory);
  }

  remove(pid: number): void {
    if (this.#workers.delete(pid)) this.#shell?.stdin?.write(`del ${pid}\n`);
  }

  #start(): void {
    this.#starts++;
    const shell = spawn("/bin/sh", ["-c", program, "sh", buildHostInfo(hostIdentity())], {
      cwd: "/",
      env: { PATH: process.env.PATH },
      stdio: ["pipe", "ignore", "ignore"],
      detached: true,
    });
    this.#shell = shell;
    const forget = () => {
      if (this.#shell === shell) this.#shell = undefined; // the next worker brings a new one
    };
    shell.on("error", forget); // no process or no descriptor to be had: the death signal must do
    shell.on("exit", () => {
      forget();
      // Somebody ended it: the workers that run are still to be guarded. Not without end, though.
      if (this.#workers.size > 0 && this.#starts < maxStarts) this.#start();
    });
    shell.stdin?.on("error", forget); // EPIPE, followed by exit
    shell.unref();
    (shell.stdin as Socket | null)?.unref();
    for (const [pid, directory] of this.#workers) this.#tell(pid, directory);
  }

  #tell(pid: number, directory = ""): void {
    // A line cannot hold a line end: such a directory is left to the next start's sweep.
    this.#shell?.stdin?.write(`add ${pid} ${/[\r\n]/.test(directory) ? "" : directory}\n`);
  }
}
