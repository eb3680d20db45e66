import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { tensor } from "@tr/tsr-codec";
import { describe, expect, it } from "vitest";
import { useSessions } from "../test/scripts.js";

const sessions = useSessions();

function spareFiles(directory = ""): number[] {
  const names = readdirSync(directory).filter((name) => name.startsWith("spare."));
  return names.map((name) => statSync(join(directory, name)).ino).sort();
}

if (process.platform === "linux") {
  describe("calls by files", () => {
    it("pass one file to and fro", async () => {
      const session = await sessions.started({ transport: "file" });
      await session.call("echo", [0]);
      const first = spareFiles(session.sessionDir);
      expect(first).toHaveLength(1);
      for (let i = 0; i < 20; i++) expect(await session.call("echo", [i])).toBe(i);
      expect(spareFiles(session.sessionDir)).toEqual(first);
    });

    it("give each result memory of its own, though its file is written again", async () => {
      const session = await sessions.started({ transport: "file" });
      for (const length of [10, 500_000]) {
        const results: Float32Array[] = [];
        for (let i = 0; i < 4; i++) {
          const sent = tensor(new Float32Array(length).fill(i), [length]);
          results.push((await session.calculate("square", sent)).data as Float32Array);
        }
        for (const result of results) expect(new Set(result).size).toBe(1);
        expect(new Set(results.map((result) => result[0])).size).toBe(4);
      }
    });

    it("do without notifications as well", async () => {
      const session = await sessions.started({ transport: "file", notifications: false });
      for (let i = 0; i < 3; i++) expect(await session.call("echo", [i])).toBe(i);
    });
  });
}
