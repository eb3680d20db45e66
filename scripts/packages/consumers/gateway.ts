// Compiled and run against the packed package, with the Python that a user's session would find.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { createGateway, type Gateway, readConfigFile, TrError } from "@tr/gateway";
import { Sandbox } from "@tr/sandbox";

writeFileSync(
  "agent.py",
  `from tech_renaissance import agent


@agent
class Echo:
    def __init__(self, config):
        self.greeting = config["greeting"]

    def stream_run(self, question):
        yield {"type": "answer", "content": f"{self.greeting} {question}"}
`,
);
const config = {
  server: { port: 0, log_level: "silent" },
  agent: { script: "agent.py", template: { greeting: "hello" } },
};
writeFileSync("gateway.json", JSON.stringify(config));

const gateway: Gateway = createGateway(readConfigFile("gateway.json"));
try {
  const url: string = await gateway.listen();
  await gateway.ready();
  const headers = { authorization: `Bearer ${gateway.token}`, "content-type": "application/json" };
  const body = JSON.stringify({ question: "world" });
  const response = await fetch(`${url}/chat/stream`, { method: "POST", headers, body });
  assert.match(await response.text(), /"type":"answer","content":"hello world"/);
  assert.equal((await fetch(`${url}/health`)).status, 401);
} finally {
  await gateway.close();
}

// What is installed is found by the sandbox's client, which starts it as a process of its own.
process.env.TR_STATE_DIR = resolve("state");
writeFileSync(
  "back_end.py",
  `from tech_renaissance.sandbox import Backend, tool


class Demo(Backend):
    name = "demo"

    @tool("demo:echo")
    async def echo(self, text: str) -> str:
        return text
`,
);
const resources = { demo: { backend_class: "back_end:Demo" } };
writeFileSync("sandbox.json", JSON.stringify({ server: { port: 0 }, resources }));
const sandbox = new Sandbox({ config: "sandbox.json" });
await sandbox.start();
assert.equal((await sandbox.execute("demo:echo", { text: "hi" })).data, "hi");
await sandbox.close();
await sandbox.shutdownServer();

writeFileSync("gateway.json", JSON.stringify({ agent: {} }));
assert.throws(
  () => readConfigFile("gateway.json"),
  (error) => TrError.is(error, "TR_INVALID_ARGUMENT") && /agent\.script/.test(error.message),
);

export function refusedByTheCompiler(): void {
  // @ts-expect-error there is no such option
  createGateway({ chats: {} });
}
