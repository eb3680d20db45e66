import { readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import {
  isPrivateFolder,
  makePrivateFolder,
  readPrivateFile,
  stateFolder,
} from "./state-folder.js";

/** What a server says of itself to programs of the same user, as long as it runs. */
export interface ServerNote {
  /** As `http://127.0.0.1:18890`. */
  readonly url: string;
  readonly pid: number;
  /** The whole path of its config file. */
  readonly config?: string;
  /** What clients send; none with `auth: "none"`. */
  readonly token?: string;
  /** What the client that has started it gave it as `TR_START_ID`. */
  readonly startId?: string;
}

const folderName = "servers";

/** Leaves word of a server in a file for its user alone. Gives a function that takes it back. @throws Error of the system */
export function noteServer(note: ServerNote): () => void {
  const folder = makePrivateFolder(folderName);
  for (const file of noteFiles(folder)) {
    if (!isAlive(pidOf(file))) rmSync(join(folder, file), { force: true });
  }
  const file = join(folder, `${note.pid}.json`);
  // Whoever reads it finds all of it or nothing.
  writeFileSync(`${file}.tmp`, `${JSON.stringify(note)}\n`, { mode: 0o600 });
  renameSync(`${file}.tmp`, file);
  return () => rmSync(file, { force: true });
}

/** The newest server that runs with a config file, or that listens at an address; a loopback address by any of its names. */
export function findServer(
  wanted: { readonly config: string } | { readonly url: string },
): ServerNote | undefined {
  const folder = join(stateFolder(), folderName);
  if (!isPrivateFolder(folder)) return undefined;
  const isWanted = (note: ServerNote) =>
    "config" in wanted ? note.config === wanted.config : isSamePlace(note.url, wanted.url);
  return noteFiles(folder)
    .filter((file) => isAlive(pidOf(file)))
    .flatMap((file) => {
      const path = join(folder, file);
      const note = parse(readPrivateFile(path));
      const time = statSync(path, { throwIfNoEntry: false })?.mtimeMs ?? 0;
      return note !== undefined && isWanted(note) ? [{ note, time }] : [];
    })
    .sort((a, b) => b.time - a.time)[0]?.note;
}

/** Where a client connects to: a server that listens at every address is asked at loopback. */
export function reachable(url: string): string {
  const { protocol, port, hostname } = new URL(url);
  const host = hostname === "0.0.0.0" ? "127.0.0.1" : hostname === "[::]" ? "[::1]" : hostname;
  return `${protocol}//${host}${port && `:${port}`}`;
}

/** Whether a process of this user with that id runs. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false; // none, or another user's, who has got the id since
  }
  return process.platform !== "linux" || !isZombie(pid);
}

/** One that has ended stays until its parent asks for it, in many containers for ever. */
function isZombie(pid: number): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "latin1");
    return stat.startsWith("Z", stat.lastIndexOf(")") + 2);
  } catch {
    return true; // gone meanwhile
  }
}

function noteFiles(folder: string): string[] {
  return readdirSync(folder).filter((name) => /^\d+\.json$/.test(name));
}

function pidOf(file: string): number {
  return Number.parseInt(file, 10);
}

function parse(text: string | undefined): ServerNote | undefined {
  if (text === undefined) return undefined;
  try {
    const note = JSON.parse(text) as ServerNote;
    return URL.canParse(note.url) ? note : undefined;
  } catch {
    return undefined; // no note of ours
  }
}

function isSamePlace(a: string, b: string): boolean {
  const [one, other] = [new URL(a), new URL(b)];
  return portOf(one) === portOf(other) && hostOf(one) === hostOf(other);
}

function portOf({ port, protocol }: URL): string {
  return port || (protocol === "https:" ? "443" : "80");
}

function hostOf({ hostname }: URL): string {
  return ["localhost", "0.0.0.0", "[::]", "[::1]"].includes(hostname) ? "127.0.0.1" : hostname;
}
