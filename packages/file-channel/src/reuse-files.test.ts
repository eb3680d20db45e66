import { readdirSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { afterEach, describe, expect, it, onTestFinished, vi } from "vitest";
import { openFileChannel } from "./open-file-channel.js";
import { temporaryDirectory } from "./temporary-directory.fixture.js";

const windows = process.platform === "win32";
const large = 2 << 20;

function open() {
  const channel = openFileChannel(temporaryDirectory(onTestFinished));
  onTestFinished(() => channel.close());
  const inode = (name: string) => statSync(join(channel.directory, name)).ino;
  return { channel, inode };
}

if (!windows) {
  describe("files that were taken", () => {
    it.each([100, large])("of %i bytes are written again, longer or shorter", async (bytes) => {
      const { channel, inode } = open();
      channel.reuseFiles();
      await channel.write("response.json", new Uint8Array(bytes));
      const first = inode("response.json");
      let before = bytes;
      for (const length of [bytes - 7, bytes + 7, bytes]) {
        expect(await channel.take("response.json")).toHaveLength(before);
        expect(channel.exists("response.json")).toBe(false);
        expect(channel.list()).toEqual([]);
        await channel.write("response.json", new Uint8Array(length).fill(2));
        expect(inode("response.json")).toBe(first);
        before = length;
      }
      expect(new Set(channel.takeSync("response.json"))).toEqual(new Set([2]));
    });

    it("are removed unless that was asked for, and when the channel is closed", () => {
      const { channel } = open();
      channel.writeSync("a.json", "1");
      channel.takeSync("a.json");
      expect(readdirSync(channel.directory)).toEqual([]);
      channel.reuseFiles();
      channel.writeSync("a.json", "1");
      channel.takeSync("a.json");
      expect(readdirSync(channel.directory)).toEqual([expect.stringMatching(/^spare\..*\.tmp$/)]);
      channel.close();
      expect(readdirSync(channel.directory)).toEqual([]);
    });

    it("do not pile up, and none is written over whose memory would mostly be wasted", async () => {
      const { channel, inode } = open();
      channel.reuseFiles();
      for (let i = 0; i < 9; i++) writeFileSync(join(channel.directory, `s${i}.json`), "x");
      for (let i = 0; i < 9; i++) channel.takeSync(`s${i}.json`);
      expect(readdirSync(channel.directory)).toHaveLength(4);
      await channel.write("a.tsr", new Uint8Array(large));
      const first = inode("a.tsr");
      await channel.take("a.tsr");
      await channel.write("b.tsr", new Uint8Array(large / 4));
      expect(inode("b.tsr")).not.toBe(first);
    });
  });

  describe("a large file that was taken", () => {
    afterEach(() => vi.useRealTimers());

    it("goes when nobody has needed it for a second", async () => {
      const { channel } = open();
      channel.reuseFiles();
      await channel.write("a.tsr", new Uint8Array(large));
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout", "performance"] });
      await channel.take("a.tsr");
      vi.advanceTimersByTime(900);
      expect(readdirSync(channel.directory)).toHaveLength(1);
      vi.advanceTimersByTime(1200);
      expect(readdirSync(channel.directory)).toEqual([]);
    });
  });
}

if (process.platform === "linux") {
  describe("a bell", () => {
    afterEach(() => vi.useRealTimers());

    it("wakes the waits that it is for, and nothing else in the directory does", async () => {
      // No timer fires here: only a notification can end a wait.
      vi.useFakeTimers({ toFake: ["setTimeout", "clearTimeout"] });
      const { channel } = open();
      const bell = join(channel.directory, "worker.bell");
      writeFileSync(bell, "-");
      channel.listenTo("worker.bell");
      let looks = 0;
      const rung = channel.waitFor(
        () => {
          looks += 1;
          return channel.takeSync("a.txt");
        },
        { timeoutMs: undefined, isRung: true },
      );
      const other = channel.waitFor(() => channel.exists("b.txt") || undefined, {
        timeoutMs: undefined,
      });
      writeFileSync(join(channel.directory, "a.txt"), "x");
      writeFileSync(join(channel.directory, "b.txt"), "x");
      expect(await other).toBe(true);
      expect(looks).toBe(1);
      writeFileSync(bell, "-", { flag: "r+" });
      expect(await rung).toHaveLength(1);
    });
  });
}
