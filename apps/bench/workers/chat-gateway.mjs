// The gateway in a process of its own, as every server is. Leaves when its stdin ends.
import { fileURLToPath } from "node:url";
import { createGateway } from "@tr/gateway";

const gateway = createGateway({
  ...{ port: 0, auth: "none", log: { level: "warn" } },
  chat: {
    script: fileURLToPath(new URL("chat_agent.py", import.meta.url)),
    python: process.argv[2],
    template: { model: "small", generate_cfg: { temperature: 0.85 } },
  },
});
const url = await gateway.listen();
await gateway.ready();
console.log(url);
process.stdin.resume().on("end", () => gateway.close());
