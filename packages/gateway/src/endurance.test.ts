import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, it } from "vitest";
import { campaignSize } from "../test/campaign.js";
import { agentScript, useGateways } from "../test/gateways.js";

const gateways = useGateways();

it("memory stays flat over many requests, of which some fail and some are left", async () => {
  const requests = campaignSize(450);
  const program = fileURLToPath(new URL("../test/endurance.mjs", import.meta.url));
  const args = ["--expose-gc", program, agentScript, gateways.workspace, String(requests)];
  const { stdout } = await execa(process.execPath, args);
  console.log(`gateway endurance: ${stdout}`);
  const result = JSON.parse(stdout);
  expect(result).toMatchObject({ requests, health: "healthy", available_slots: 2 });
  const { completed, error, client_disconnected } = result.ended;
  expect(completed + error + client_disconnected).toBe(requests);
  // A session has some 4 KiB of events; the first requests of a process cost what a long run does not.
  expect(result.heapBytesEach).toBeLessThan(requests > 10_000 ? 64 : 2048);
  expect(result.workerBytesEach).toBeLessThan(requests > 10_000 ? 256 : 8192);
}, 3_600_000);
