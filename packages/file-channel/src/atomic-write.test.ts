import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it, onTestFinished } from "vitest";
import { openFileChannel } from "./open-file-channel.js";
import { isInstalled, programArguments, runProgram } from "./run-program.fixture.js";
import { temporaryDirectory } from "./temporary-directory.fixture.js";

const newDirectory = () => temporaryDirectory(onTestFinished);
const linux = process.platform === "linux";

describe("a reader", () => {
  it("sees the old content or the whole new one, never a part, while another process writes", async () => {
    const directory = newDirectory();
    // Contents of one value and of a length that goes with it: any mixture shows.
    const writer = spawn(
      process.execPath,
      programArguments(
        `const wanted = Date.now() + 1500;
         for (let round = 0; Date.now() < wanted; round += 1) {
           const value = round % 200;
           const data = new Uint8Array(value * 5000 + 1).fill(value);
           if (round % 2) channel.writeSync("status.txt", data);
           else await channel.write("status.txt", [data.subarray(0, 7), data.subarray(7)]);
         }`,
        directory,
      ),
      {
        cwd: fileURLToPath(new URL("..", import.meta.url)),
        stdio: ["ignore", "ignore", "inherit"],
      },
    );
    const ended = once(writer, "exit");
    const channel = openFileChannel(directory);
    const seen = new Set<number>();
    while (writer.exitCode === null) {
      for (const content of [channel.readSync("status.txt"), await channel.take("status.txt")]) {
        if (content === undefined) continue;
        const value = content[0] ?? -1;
        seen.add(value);
        if (content.length !== value * 5000 + 1 || content.some((byte) => byte !== value)) {
          expect.fail(`${content.length} bytes that begin with ${value}`);
        }
      }
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await ended).toEqual([0, null]);
    expect(seen.size).toBeGreaterThan(20);
  });
});

/** Writes over an old content and prints the code of the error; `data` is larger than the room. */
const overwrite = (name: string, how: "sync" | "async", bytes: number) => `
  const data = new Uint8Array(${bytes}).fill(7);
  try {
    ${how === "sync" ? `channel.writeSync("${name}", data)` : `await channel.write("${name}", data)`};
    console.log("written");
  } catch (error) {
    console.log(error.code, error.cause?.code ?? "none", error.message.includes(directory));
  }`;

const cases = [
  ["request.json", "sync"],
  ["tag.tsr", "sync"],
  ["tag.tsr", "async"],
] as const;

function expectOldContent(directory: string, name: string): void {
  expect(readdirSync(directory)).toEqual([name]);
  expect(readFileSync(join(directory, name), "utf8")).toBe("old");
}

describe.skipIf(process.platform === "win32")("a file that does not fit", () => {
  it.each(cases)(
    "%s (%s) by the limit on file sizes, after a short write: TR_WORKSPACE_FULL, the old content stays, no temporary file",
    async (name, how) => {
      const directory = newDirectory();
      openFileChannel(directory).writeSync(name, "old");
      // 600 blocks of 512 or 1,024 bytes: the system takes a part of the data, then EFBIG.
      const limit = ["sh", "-c", 'ulimit -f 600; exec "$@"', "sh"];
      const { stdout, stderr } = await runProgram(overwrite(name, how, 1 << 20), directory, limit);
      expect(stdout.trim(), stderr).toBe("TR_WORKSPACE_FULL EFBIG true");
      expectOldContent(directory, name);
    },
  );

  it("is written no further than an abort: the limit behind it is never reached", async () => {
    const directory = newDirectory();
    openFileChannel(directory).writeSync("tag.tsr", "old");
    const source = `
      const abort = new AbortController();
      const write = channel.write("tag.tsr", new Uint8Array(100 << 20), { signal: abort.signal });
      abort.abort("enough");
      await write.catch((reason) => console.log(String(reason)));`;
    const limit = ["sh", "-c", 'ulimit -f 40000; exec "$@"', "sh"]; // 20 or 40 MB
    const { stdout, stderr } = await runProgram(source, directory, limit);
    expect(stdout, stderr).toBe("enough\n");
    expectOldContent(directory, "tag.tsr");
  });

  const namespaces = isInstalled("unshare", "--mount", "--user", "--map-root-user", "true");
  it.skipIf(!linux || !namespaces)(
    "on a full memory file system (skipped where a private one cannot be mounted)",
    async () => {
      const directory = newDirectory();
      const script =
        'mount -t tmpfs -o size=600k none "$0" && printf old > "$0/tag.tsr" && exec "$@"';
      const wrapper = [
        "unshare",
        "--mount",
        "--user",
        "--map-root-user",
        "sh",
        "-c",
        script,
        directory,
      ];
      const source = `for (const how of ["sync", "async"]) {
          ${overwrite("tag.tsr", "sync", 1 << 20).replace("channel.writeSync(", 'await channel[how === "sync" ? "writeSync" : "write"](')}
          console.log(fs.readdirSync(directory).join(), fs.readFileSync(directory + "/tag.tsr", "utf8"));
        }
        channel.writeSync("small.txt", "fits");`;
      const { stdout, stderr, status } = await runProgram(source, directory, wrapper);
      const full = "TR_WORKSPACE_FULL ENOSPC true\ntag.tsr old\n";
      expect(stdout, stderr).toBe(full + full);
      expect(status).toBe(0);
    },
  );
});

const strace = linux && isInstalled("strace", "-qq", "-e", "inject=getppid:error=EPERM", "true");

describe.skipIf(!strace)(
  "faults injected by strace (skipped where it is not installed or not allowed)",
  () => {
    /** Only calls on files of the directory: -P takes the paths, and descriptors that are open on them. */
    const inject = (directory: string, name: string, fault: string) => [
      ...["strace", "-f", "-qq", "-o", "/dev/null"],
      ...["request.tmp", "request.json", name].flatMap((file) => ["-P", join(directory, file)]),
      ...["-e", `inject=${fault}`],
    ];

    it.each([
      ["write:error=ENOSPC", "TR_WORKSPACE_FULL ENOSPC"],
      ["write:error=EDQUOT", "TR_WORKSPACE_FULL UNKNOWN"], // libuv does not know EDQUOT
      ["write:error=EIO", "TR_PROTOCOL EIO"],
      ["write:retval=0", "TR_WORKSPACE_FULL none"],
      ["close:error=EIO", "TR_PROTOCOL EIO"],
      ["rename:error=EIO", "TR_PROTOCOL EIO"],
      ["rename:error=ENOSPC", "TR_WORKSPACE_FULL ENOSPC"],
      ["openat:error=EMFILE", "TR_PROTOCOL EMFILE"],
      ["openat:error=ENOSPC", "TR_WORKSPACE_FULL ENOSPC"],
      ["openat:error=EDQUOT", "TR_WORKSPACE_FULL Unknown system error -122"],
    ])("%s gives %s; the old content stays and no temporary file", async (fault, expected) => {
      const directory = newDirectory();
      openFileChannel(directory).writeSync("request.json", "old");
      const wrapper = inject(directory, "request.json", fault);
      const source = overwrite("request.json", "sync", 100);
      const { stdout, stderr } = await runProgram(source, directory, wrapper);
      expect(stdout.trim(), stderr).toBe(`${expected} true`);
      expectOldContent(directory, "request.json");
    });

    it.each(["sync", "async"])(
      "a disk that is full gets the room of files that were kept to be written again (%s)",
      async (how) => {
        const directory = newDirectory();
        const source = `channel.reuseFiles();
          channel.writeSync("kept.json", "x");
          channel.takeSync("kept.json");
          console.log(fs.readdirSync(directory).length);
          const data = new Uint8Array(4 << 20);
          if ("${how}" === "sync") channel.writeSync("request.json", data);
          else await channel.write("request.json", data);
          console.log(fs.readdirSync(directory).join());`;
        // One thread in Node's pool: strace counts for each thread by itself.
        const wrapper = ["env", "UV_THREADPOOL_SIZE=1"].concat(
          inject(directory, "request.json", "write:error=ENOSPC:when=1"),
        );
        const { stdout, stderr } = await runProgram(source, directory, wrapper);
        expect(stdout, stderr).toBe("1\nrequest.json\n");
      },
    );

    it("in a large asynchronous write: the same", async () => {
      const directory = newDirectory();
      openFileChannel(directory).writeSync("request.json", "old");
      const source = overwrite("request.json", "async", 20 << 20);
      for (const fault of [
        "write:error=ENOSPC",
        "rename:error=ENOSPC",
        "close:error=ENOSPC",
        "write:retval=0",
      ]) {
        const wrapper = inject(directory, "request.json", fault);
        const { stdout, stderr } = await runProgram(source, directory, wrapper);
        expect(stdout, stderr).toMatch(/^TR_WORKSPACE_FULL (ENOSPC|none) true$/m);
        expectOldContent(directory, "request.json");
      }
    });

    it.each(["openat", "write", "close", "rename"])(
      "a kill at %s leaves the old content or the whole new one, and the next write clears the rest",
      async (call) => {
        const directory = newDirectory();
        const channel = openFileChannel(directory);
        channel.writeSync("request.json", "old");
        const wrapper = inject(directory, "request.json", `${call}:signal=KILL`);
        const source = overwrite("request.json", "sync", 3);
        const { stdout, signal, status } = await runProgram(source, directory, wrapper);
        expect(stdout).toBe("");
        expect(signal ?? status).toBe("SIGKILL");
        expect(["old", "\u0007\u0007\u0007"]).toContain(
          readFileSync(join(directory, "request.json"), "utf8"),
        );
        channel.writeSync("request.json", "next");
        expect(readdirSync(directory)).toEqual(["request.json"]);
      },
    );

    it("in a read: the error is typed, the file stays", async () => {
      const calls = ["pread64", "statx,fstat", "close", "unlink"];
      for (const fault of calls.map((call) => `${call}:error=EIO`)) {
        const directory = newDirectory();
        openFileChannel(directory).writeSync("request.json", "old");
        const source = `try { channel.takeSync("request.json"); console.log("taken"); }
        catch (error) { console.log(error.code, error.cause?.code); }`;
        const wrapper = inject(directory, "request.json", fault);
        const { stdout } = await runProgram(source, directory, wrapper);
        expect(stdout).toBe("TR_PROTOCOL EIO\n");
        expectOldContent(directory, "request.json");
      }
    });
  },
);
