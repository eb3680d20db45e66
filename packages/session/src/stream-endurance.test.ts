import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, it } from "vitest";
import { campaignSize } from "../test/campaign.js";
import { script, useSessions } from "../test/scripts.js";

const sessions = useSessions();

it.runIf(process.platform === "linux")(
  "a long stream and a slow consumer: memory stays flat on both sides; of large tensors there are never more than two",
  async () => {
    const items = campaignSize(5000);
    const tensors = Math.max(100, items / 100);
    const program = fileURLToPath(new URL("../test/stream-endurance.mjs", import.meta.url));
    const args = [script("streaming.py"), sessions.workspace, String(items), String(tensors)];
    const { stdout } = await execa(process.execPath, ["--expose-gc", program, ...args]);
    console.log(`stream endurance: ${stdout}`);
    const result = JSON.parse(stdout);
    expect(result.items.wrong).toBe(0);
    expect(result.tensors).toMatchObject({ wrong: 0 });
    expect(result.files).toEqual([]);
    expect(result.tensors.mostFiles.host).toBeLessThanOrEqual(2);
    expect(result.tensors.mostFiles.worker).toBeLessThanOrEqual(2);
    expect(result.items.heapBytesEach).toBeLessThan(64); // what would be kept of each item is more
    expect(result.items.workerBytesEach).toBeLessThan(256);
    expect(result.tensors.heapBytesEach).toBeLessThan(2 ** 14);
    expect(result.tensors.workerBytesEach).toBeLessThan(2 ** 15);
  },
  3_600_000,
);
