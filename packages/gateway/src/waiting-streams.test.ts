import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, it } from "vitest";
import { campaignSize } from "../test/campaign.js";
import { agentScript, useGateways } from "../test/gateways.js";

const gateways = useGateways();

it("an event stream that waits for a slot costs at most 64 KiB, and its health is told meanwhile", async () => {
  const streams = campaignSize(300);
  const program = fileURLToPath(new URL("../test/waiting-streams.mjs", import.meta.url));
  const args = ["--expose-gc", program, agentScript, gateways.workspace, String(streams)];
  const { stdout } = await execa(process.execPath, args);
  console.log(`waiting streams: ${stdout}`);
  const result = JSON.parse(stdout);
  expect(result).toMatchObject({ streams, activeAfter: 0 });
  expect(result.heapBytesEach).toBeLessThan(2 ** 16);
  expect(result.rssBytesEach).toBeLessThan(2 ** 16);
}, 600_000);
