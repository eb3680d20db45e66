import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { expect, it } from "vitest";
import { campaignSize } from "../../test/campaign.js";
import { percentile, useGateways } from "../../test/gateways.js";

const gateways = useGateways();

it("slow sockets are closed within 15 s, and others are served meanwhile", async () => {
  const { gateway } = await gateways.ready({ maxConcurrent: 1 });
  const { port } = new URL(gateway.url ?? "");
  const count = campaignSize(300);
  const headers = { authorization: `Bearer ${gateway.token}` };
  const health = async () => {
    const started = performance.now();
    const response = await fetch(`${gateway.url}/health`, { headers });
    expect(response.status).toBe(200);
    await response.json();
    return performance.now() - started;
  };
  const before: number[] = [];
  for (let i = 0; i < 500; i++) before.push(await health());
  const program = fileURLToPath(new URL("../../test/slow-sockets.mjs", import.meta.url));
  let isDone = false;
  const slow = execa(process.execPath, [program, port, gateway.token ?? "", String(count)]).finally(
    () => {
      isDone = true;
    },
  );
  const during: number[] = [];
  while (!isDone) {
    during.push(await health());
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  const { stdout } = await slow;
  const figures = [before, during].map((times) => percentile(times, 99).toFixed(1));
  console.log(`slow sockets: ${stdout}; p99 of others ${figures[1]} ms, before ${figures[0]} ms`);
  const { silent, headers: inHeaders, body } = JSON.parse(stdout);
  expect(Math.max(silent, inHeaders, body)).toBeLessThan(15_000);
}, 120_000);
