import { execFileSync, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
  chmodSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { findServer, isAlive, noteServer, reachable } from "./server-notes.js";
import { stateFolder } from "./state-folder.js";

/** On a busy machine, too. */
const soon = <T>(ask: () => T) => expect.poll(ask, { timeout: 20_000 });

let folder = "";
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tr-notes-"));
  vi.stubEnv("TR_STATE_DIR", folder);
});
afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(folder, { recursive: true, force: true });
});

const url = "http://127.0.0.1:18890";
const note = { url, pid: process.pid, config: "/a/sandbox.json", token: "a-secret" };
const servers = () => join(folder, "servers");

describe("a server's note", () => {
  it("is found by address and by config file, and is gone when it is taken back", () => {
    const takeBack = noteServer(note);
    expect(findServer({ url })).toEqual(note);
    expect(findServer({ url: "http://localhost:18890/" })).toEqual(note);
    expect(findServer({ config: "/a/sandbox.json" })).toEqual(note);
    expect(findServer({ url: "http://127.0.0.1:18891" })).toBeUndefined();
    expect(findServer({ url: "http://10.0.0.1:18890" })).toBeUndefined();
    takeBack();
    expect(findServer({ url })).toBeUndefined();
    expect(readdirSync(servers())).toEqual([]);
  });

  it("of a process that has ended is not believed, and goes with the next one", () => {
    const { pid } = spawnSync(process.execPath, ["-e", ""]);
    noteServer({ ...note, pid });
    expect(findServer({ url })).toBeUndefined();
    noteServer(note);
    expect(readdirSync(servers())).toEqual([`${process.pid}.json`]);
  });

  it("that makes no sense is passed over", () => {
    noteServer({ ...note, url: "nonsense" });
    expect(findServer({ url })).toBeUndefined();
    writeFileSync(join(servers(), `${process.pid}.json`), "{", { mode: 0o600 });
    expect(findServer({ url })).toBeUndefined();
  });

  it("is read by Python as it is here", () => {
    noteServer(note);
    const program =
      "import json, sys; from tech_renaissance.sandbox.server_notes import find_server;" +
      "print(json.dumps([find_server(url=sys.argv[1]), find_server(config=sys.argv[2])]))";
    const python = process.env.TR_PYTHON ?? "python3";
    const args = ["-c", program, "http://localhost:18890", note.config];
    const sources = fileURLToPath(new URL("../../../python/src", import.meta.url));
    const env = { ...process.env, PYTHONPATH: sources };
    const printed = execFileSync(python, args, { encoding: "utf8", env });
    expect(JSON.parse(printed)).toEqual([note, note]);
  });
});

// Windows keeps others out by the folder's access list, and has no such permissions.
if (process.platform !== "win32") {
  describe("what others could have written or read", () => {
    it("is not made: the folder is for the user alone, the file too", () => {
      noteServer(note);
      expect(statSync(servers()).mode & 0o777).toBe(0o700);
      expect(statSync(join(servers(), `${process.pid}.json`)).mode & 0o777).toBe(0o600);
    });

    it("is not believed: a file that others can read, a folder that others can enter, a link", () => {
      noteServer(note);
      const file = join(servers(), `${process.pid}.json`);
      chmodSync(file, 0o644);
      expect(findServer({ url })).toBeUndefined();
      chmodSync(file, 0o600);
      expect(findServer({ url })).toEqual(note);
      chmodSync(servers(), 0o755);
      expect(findServer({ url })).toBeUndefined();
      expect(() => noteServer(note)).toThrow(/has to be yours/);
      chmodSync(servers(), 0o700);
      renameSync(file, join(folder, "elsewhere"));
      symlinkSync(join(folder, "elsewhere"), file);
      expect(findServer({ url })).toBeUndefined();
    });
  });
}

if (process.platform === "linux") {
  it("a process that has ended is gone, also when nobody has asked how", async () => {
    // The shell becomes a program that never asks for its child.
    const parent = spawn("sh", ["-c", "cat <&3 & echo $!; exec sleep 60 3<&-"], {
      stdio: ["ignore", "pipe", "inherit", "pipe"],
    });
    const [pid] = await once(parent.stdout as Readable, "data");
    await soon(() => readFileSync(`/proc/${parent.pid}/comm`, "utf8")).toBe("sleep\n");
    expect(isAlive(Number(pid))).toBe(true);
    (parent.stdio[3] as Writable).end();
    await soon(() => isAlive(Number(pid))).toBe(false);
    expect(readFileSync(`/proc/${Number(pid)}/stat`, "utf8")).toMatch(/\) Z /);
    parent.kill();
  });
}

it("a client asks at loopback a server that listens everywhere", () => {
  expect(reachable("http://0.0.0.0:5")).toBe("http://127.0.0.1:5");
  expect(reachable("http://[::]:5")).toBe("http://[::1]:5");
  expect(reachable("http://10.0.0.1:5")).toBe("http://10.0.0.1:5");
});

it("the state's folder is where the platform has it", () => {
  const end = (path: string) => path.replaceAll("\\", "/");
  expect(end(stateFolder({ TR_STATE_DIR: "/x" }, "linux"))).toBe("/x");
  expect(end(stateFolder({ XDG_STATE_HOME: "/s" }, "linux"))).toBe("/s/tech-renaissance");
  expect(end(stateFolder({ XDG_STATE_HOME: "s" }, "linux"))).toMatch(
    /\/\.local\/state\/tech-renaissance$/,
  );
  expect(end(stateFolder({}, "darwin"))).toMatch(
    /\/Library\/Application Support\/tech-renaissance$/,
  );
  expect(end(stateFolder({ LOCALAPPDATA: "/l" }, "win32"))).toBe("/l/tech-renaissance");
});
