import { createServer } from "node:net";
import { execa } from "execa";
import { expect, it } from "vitest";
import { agentScript, useGateways } from "../test/gateways.js";

const gateways = useGateways();

it("may be closed without having listened, and more than once; then it listens no more", async () => {
  const gateway = gateways.make();
  expect(gateway.url).toBeUndefined();
  await Promise.all([gateway.close(), gateway.close()]);
  await expect(gateway.listen()).rejects.toMatchObject({ code: "TR_SESSION_CLOSED" });
  await expect(gateway.ready()).rejects.toMatchObject({ code: "TR_SESSION_CLOSED" });
});

it("says when its port is taken", async () => {
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
  const { port } = taken.address() as { port: number };
  const gateway = gateways.make({}, { port });
  await expect(gateway.listen()).rejects.toMatchObject({ code: "EADDRINUSE" });
  taken.close();
});

it("leaves nothing behind that would keep its program alive", async () => {
  const program = `
    import { createGateway } from "@tr/gateway";
    const chat = { script: ${JSON.stringify(agentScript)}, workspace: ${JSON.stringify(gateways.workspace)} };
    const gateway = createGateway({ port: 0, log: { level: "silent" }, chat });
    const url = await gateway.listen();
    await gateway.ready();
    const headers = { authorization: "Bearer " + gateway.token, "content-type": "application/json" };
    const body = JSON.stringify({ question: "{}" });
    const response = await fetch(url + "/chat/stream", { method: "POST", headers, body });
    console.log((await response.text()).includes('"completed"'));
    await gateway.close();`;
  const options = { cwd: import.meta.dirname, timeout: 40_000 };
  const args = ["--input-type=module", "-e", program];
  expect((await execa(process.execPath, args, options)).stdout).toBe("true");
});
