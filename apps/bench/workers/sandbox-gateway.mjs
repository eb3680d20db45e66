// The gateway in a process of its own, with a session that is there. Leaves when its stdin ends.
import { fileURLToPath } from "node:url";
import { createGateway } from "@tr/gateway";

const gateway = createGateway({
  ...{ port: 0, auth: "none", log: { level: "warn" } },
  sandbox: {
    folder: fileURLToPath(new URL(".", import.meta.url)),
    python: process.argv[2],
    resources: { echo: { backendClass: "echo_back_end:Echo" } },
  },
});
const url = await gateway.listen();
await gateway.ready();
await fetch(`${url}/api/v1/session/create`, {
  method: "POST",
  headers: { "content-type": "application/json" },
  body: JSON.stringify({ worker_id: "bench", resource_type: "echo" }),
});
console.log(url);
process.stdin.resume().on("end", () => gateway.close());
