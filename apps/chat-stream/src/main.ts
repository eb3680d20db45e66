import { once } from "node:events";
import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { addressFile, cacheFolder } from "./cache-folder.js";
import { startChatStream } from "./chat-stream.js";

const { values } = parseArgs({
  options: {
    port: { type: "string", default: "18890" },
    "page-port": { type: "string", default: "18891" },
    users: { type: "string", default: "2" },
  },
});
const asked = Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);

await using app = await startChatStream({
  ports: { gateway: Number(values.port), page: Number(values["page-port"]) },
  users: Number(values.users),
  cache: cacheFolder,
  // The model would write a thousand characters in a blink: the pause lets one see them come.
  template: { pause_s: 0.02, generate_cfg: { temperature: 0.6, max_tokens: 240 } },
});
mkdirSync(cacheFolder, { recursive: true });
rmSync(addressFile, { force: true }); // one that is there would keep its permissions
writeFileSync(addressFile, JSON.stringify(app.address), { mode: 0o600 });
try {
  console.log(`the page:   ${app.link}`);
  console.log("the client: pnpm --filter @tr/app-chat-stream client (in another terminal)");
  console.log("Ctrl-C ends it.");
  await asked;
} finally {
  rmSync(addressFile, { force: true });
}
