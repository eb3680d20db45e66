// Makes docs/dashboard.png from the real page, after the build: node scripts/dashboard-picture.mjs [light|dark] [FILE]
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { createGateway } from "../packages/gateway/dist/index.js";
import { chromiumFlags, findChromium } from "../packages/gateway/test/chromium.ts";

const docs = fileURLToPath(new URL("../docs/dashboard.png", import.meta.url));
const [colorScheme = "light", path = docs] = process.argv.slice(2);

const agent = `import time

from tech_renaissance import agent


@agent
class Research:
    def __init__(self, config):
        pass

    def stream_run(self, question):
        seconds = len(question) / 40
        yield {"type": "thinking", "content": f"this takes {seconds:.1f} s"}
        time.sleep(seconds)
        if "thunder" in question:
            raise ValueError("no such weather")
        yield {"type": "tool_call", "content": "search", "arguments": {"query": question}}
        while "all" in question:
            time.sleep(0.1)
        yield {"type": "answer", "content": question.upper()}
`;
const questions = [
  ...["how do cats purr?", "why is the sky blue in the day and red at night?", "what is thunder?"],
  ...["where do rivers begin?", "who counts the stars?", "when does water boil on a mountain?"],
];

const folder = mkdtempSync(join(tmpdir(), "tr-dashboard-"));
const script = join(folder, "agent.py");
writeFileSync(script, agent);
const log = { level: "silent" };
const gateway = createGateway({ port: 0, drainMs: 0, log, chat: { script, workspace: folder } });
const browser = await chromium.launch({ executablePath: findChromium(), args: chromiumFlags });
try {
  const url = await gateway.listen();
  await gateway.ready();
  const headers = { authorization: `Bearer ${gateway.token}`, "content-type": "application/json" };
  const ask = async (question, session_id, route = "/chat") => {
    const body = JSON.stringify({ question, session_id });
    return fetch(`${url}${route}`, { method: "POST", headers, body });
  };
  const viewport = { width: 1100, height: 1330 };
  const page = await browser.newPage({ viewport, colorScheme, reducedMotion: "reduce" });
  await page.goto(`${url}/#token=${gateway.token}`);
  for (let n = 0; n < 24; n++) {
    const question = questions[n % questions.length];
    await (await ask(question, `${question.split(" ")[1]}-${n}`)).text();
  }
  void ask("what are all the colours?", "colours", "/chat/stream");
  void ask("name all the birds", "birds", "/chat/stream");
  await page.getByLabel("Question").fill("how do cats purr?");
  await page.getByRole("button", { name: "Ask" }).click();
  await page.getByRole("status").getByText("answered").waitFor();
  await sleep(2500); // until the memory of the workers is known and the plots have it all
  await page.screenshot({ path });
} finally {
  await browser.close();
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
}
