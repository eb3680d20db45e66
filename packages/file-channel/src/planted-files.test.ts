import { execFileSync } from "node:child_process";
import {
  existsSync,
  linkSync,
  mkdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { describe, expect, it, onTestFinished } from "vitest";
import { openFileChannel } from "./open-file-channel.js";
import { temporaryDirectory } from "./temporary-directory.fixture.js";

/** A session directory, and beside it a file that must not be touched. */
function setUp() {
  const outside = join(temporaryDirectory(onTestFinished), "outside.txt");
  writeFileSync(outside, "secret");
  const channel = openFileChannel(temporaryDirectory(onTestFinished));
  const at = (name: string) => join(channel.directory, name);
  return { outside, channel, at };
}

const plants: Record<string, (path: string, outside: string) => void | Promise<void>> = {
  "a symbolic link": (path, outside) => symlinkSync(outside, path),
  "a symbolic link to nothing": (path) => symlinkSync("/nowhere/at/all", path),
  "a hard link": (path, outside) => linkSync(outside, path),
  "a FIFO": (path) => void execFileSync("mkfifo", [path]),
  "a directory": (path) => void mkdirSync(path),
  "a socket": async (path) => {
    const server = createServer();
    await new Promise<void>((resolve) => server.listen(path, resolve));
    onTestFinished(() => void server.close());
  },
};

// Windows needs a privilege for links, and has no FIFOs in directories.
describe.skipIf(process.platform === "win32").each(Object.entries(plants))("%s", (kind, plant) => {
  it("in the place of a file is refused by every read, at once, and stays where it is", async () => {
    const { outside, channel, at } = setUp();
    await plant(at("a.tsr"), outside);
    const refused = expect.objectContaining({
      code: "TR_PROTOCOL",
      message: expect.stringContaining("must be a plain file with one name"),
    });
    expect(() => channel.readSync("a.tsr")).toThrow(refused);
    expect(() => channel.takeSync("a.tsr")).toThrow(refused);
    await expect(channel.take("a.tsr")).rejects.toThrow(refused);
    expect(channel.exists("a.tsr")).toBe(true);
    expect(readFileSync(outside, "utf8")).toBe("secret");
  });

  it("in the place of a file to write is replaced or refused; what it leads to stays", async () => {
    const { outside, channel, at } = setUp();
    await plant(at("a.tsr"), outside);
    const write = () => channel.writeSync("a.tsr", "ours");
    if (kind === "a directory") {
      expect(write).toThrow(expect.objectContaining({ code: "TR_PROTOCOL" }));
      expect(channel.list()).toEqual(["a.tsr"]);
    } else {
      write();
      expect(statSync(at("a.tsr")).isFile()).toBe(true);
      expect(readFileSync(at("a.tsr"), "utf8")).toBe("ours");
    }
    expect(readFileSync(outside, "utf8")).toBe("secret");
    expect(existsSync("/nowhere")).toBe(false);
  });

  it("in the place of a temporary file is replaced or refused; what it leads to stays", async () => {
    const { outside, channel, at } = setUp();
    channel.writeSync("request.json", "old");
    await plant(at("request.tmp"), outside);
    const write = () => channel.writeSync("request.json", "ours");
    if (kind === "a directory") {
      expect(write).toThrow(expect.objectContaining({ code: "TR_PROTOCOL" }));
      expect(readFileSync(at("request.json"), "utf8")).toBe("old");
    } else {
      write();
      expect(readFileSync(at("request.json"), "utf8")).toBe("ours");
      expect(existsSync(at("request.tmp"))).toBe(false);
    }
    expect(readFileSync(outside, "utf8")).toBe("secret");
  });
});

it.skipIf(process.platform === "win32")(
  "a file of endless size is refused before anything is allocated",
  () => {
    const { channel, at } = setUp();
    execFileSync("truncate", ["-s", "8T", at("a.tsr")]);
    expect(() => channel.readSync("a.tsr", { maxBytes: 1 << 20 })).toThrow(
      /is 8796093022208 bytes, more than the 1048576/,
    );
  },
);
