import { once } from "node:events";
import {
  existsSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  watch,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { openFileChannel } from "./open-file-channel.js";
import { temporaryDirectory } from "./temporary-directory.fixture.js";

const windows = process.platform === "win32";

describe("openFileChannel", () => {
  it("wants an existing directory", () => {
    const file = join(temporaryDirectory(onTestFinished), "file");
    for (const path of [file, join(file, "below")]) {
      expect(() => openFileChannel(path)).toThrow(
        expect.objectContaining({ code: "TR_INVALID_ARGUMENT" }),
      );
      if (path === file) writeFileSync(file, "");
    }
  });

  it("does not list half-written files and foreign names", () => {
    const channel = openFileChannel(temporaryDirectory(onTestFinished));
    for (const name of ["request.tmp", "a.tsr.x1.tmp", ".hidden", "a b", "a.tsr"]) {
      writeFileSync(join(channel.directory, name), "x");
    }
    expect(channel.list()).toEqual(["a.tsr"]);
  });

  it.skipIf(windows)("makes files that only their owner can read", async () => {
    const channel = openFileChannel(temporaryDirectory(onTestFinished));
    channel.writeSync("request.json", "x");
    await channel.write("big.tsr", new Uint8Array(1 << 20));
    for (const name of channel.list()) {
      expect(statSync(join(channel.directory, name)).mode & 0o777).toBe(0o600);
    }
  });

  it.each(["request.tmp", "response.tmp"])(
    "replaces a %s that a dead process has left behind",
    (leftover) => {
      const channel = openFileChannel(temporaryDirectory(onTestFinished));
      const path = join(channel.directory, leftover);
      writeFileSync(path, "half a mess");
      const name = leftover.replace(".tmp", ".json");
      channel.writeSync(name, "whole");
      expect(existsSync(path)).toBe(false);
      expect(readFileSync(join(channel.directory, name), "utf8")).toBe("whole");
    },
  );

  it("lets several large writes of one name run at once; the content is one of theirs, whole", async () => {
    const channel = openFileChannel(temporaryDirectory(onTestFinished));
    const writes = [1, 2, 3].map((value) =>
      channel.write("request.json", new Uint8Array(2 << 20).fill(value)),
    );
    channel.writeSync("request.json", "small, meanwhile");
    await Promise.all(writes);
    const content = channel.takeSync("request.json") as Uint8Array;
    expect(content.length).toBe(2 << 20);
    expect(new Set(content).size).toBe(1);
    expect(readdirSync(channel.directory)).toEqual([]);
  });

  it("drops a large write that is aborted half-way: old content in place, no temporary file", async () => {
    const channel = openFileChannel(temporaryDirectory(onTestFinished));
    channel.writeSync("big.tsr", "old");
    const abort = new AbortController();
    const write = channel.write("big.tsr", new Uint8Array(64 << 20), { signal: abort.signal });
    abort.abort(new Error("enough"));
    await expect(write).rejects.toThrow("enough");
    expect(readdirSync(channel.directory)).toEqual(["big.tsr"]);
    expect(readFileSync(join(channel.directory, "big.tsr"), "utf8")).toBe("old");
  });

  it("keeps a large file whose taking is aborted half-way", async () => {
    const channel = openFileChannel(temporaryDirectory(onTestFinished));
    await channel.write("big.tsr", new Uint8Array(32 << 20).fill(5));
    const abort = new AbortController();
    const taking = channel.take("big.tsr", { signal: abort.signal });
    abort.abort(new Error("enough"));
    await expect(taking).rejects.toThrow("enough");
    expect(await channel.take("big.tsr")).toHaveLength(32 << 20);
  });

  it("does not block the event loop with a large file", async () => {
    const channel = openFileChannel(temporaryDirectory(onTestFinished));
    let turns = 0;
    let going = true;
    const spin = () => {
      turns += 1;
      if (going) setImmediate(spin);
    };
    spin();
    await channel.write("big.tsr", new Uint8Array(64 << 20));
    const written = turns;
    await channel.take("big.tsr");
    going = false;
    expect(written).toBeGreaterThan(8);
    expect(turns - written).toBeGreaterThan(8);
  });
});

describe("a directory that is removed", () => {
  it("makes waits end by their time and writes fail with the reason; nothing crashes", async () => {
    const channel = openFileChannel(temporaryDirectory(onTestFinished));
    const wait = channel.waitFor(() => channel.takeSync("a.txt"), { timeoutMs: 200 });
    rmSync(channel.directory, { recursive: true });
    expect(await wait).toBe(undefined);
    expect(channel.exists("a.txt")).toBe(false);
    expect(channel.removeSync("a.txt")).toBe(false);
    expect(channel.list()).toEqual([]);
    const gone = expect.objectContaining({
      code: "TR_PROTOCOL",
      message: expect.stringContaining("The session directory is gone"),
      cause: expect.objectContaining({ code: "ENOENT" }),
    });
    expect(() => channel.writeSync("a.txt", "x")).toThrow(gone);
    await expect(channel.write("a.tsr", new Uint8Array(1 << 20))).rejects.toThrow(gone);
    channel.close();
  });

  it("turns the notifications off, visibly", async () => {
    const channel = openFileChannel(temporaryDirectory(onTestFinished));
    const hint = new Promise<void>((resolve) => channel.onHint(resolve));
    expect(channel.notifications).toBe("on");
    rmSync(channel.directory, { recursive: true });
    await hint;
    await expect.poll(() => channel.notifications).toBe("off");
    channel.close();
  });
});

describe("notifications", () => {
  afterEach(() => vi.useRealTimers());

  it("can be left out", () => {
    const directory = temporaryDirectory(onTestFinished);
    expect(openFileChannel(directory, { notifications: false }).notifications).toBe("off");
    expect(openFileChannel(directory).notifications).toBe("on");
  });

  it("wake a wait without the poll", async () => {
    // No timer of the wait ever fires here: only the notification can end it.
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
    const channel = openFileChannel(temporaryDirectory(onTestFinished));
    const wait = channel.waitFor(() => channel.takeSync("a.txt"), { timeoutMs: undefined });
    writeFileSync(join(channel.directory, "a.txt"), "x");
    expect(await wait).toHaveLength(1);
    channel.close();
  });

  it("wake a wait after a long time in which nobody has waited", async () => {
    vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
    const channel = openFileChannel(temporaryDirectory(onTestFinished));
    const take = () => channel.waitFor(() => channel.takeSync("a.txt"), { timeoutMs: undefined });
    for (const _ of [1, 2]) {
      const wait = take();
      writeFileSync(join(channel.directory, "a.txt"), "x");
      expect(await wait).toHaveLength(1);
      vi.advanceTimersByTime(60_000);
      const watcher = watch(channel.directory);
      writeFileSync(join(channel.directory, "b.txt"), "x"); // nobody waits for it
      await once(watcher, "change");
      watcher.close();
    }
    channel.close();
  });

  it("call the listeners for changes of others, and stop when told", async () => {
    const channel = openFileChannel(temporaryDirectory(onTestFinished));
    let second = 0;
    const stop = channel.onHint(() => {
      second += 1;
    });
    stop();
    const hint = new Promise<void>((resolve) => channel.onHint(resolve));
    writeFileSync(join(channel.directory, "a.txt"), "x");
    await hint;
    expect(second).toBe(0);
    channel.close();
  });
});
