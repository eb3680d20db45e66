// Run by full.test.ts in a mount namespace whose memory file system has 2 MiB: prints what became of each step.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { HostCarrier } from "@tr/shared-memory";
import { full } from "@tr/tsr-codec";

const [directory, worker] = process.argv.slice(2);
const found = {};
const codeOf = async (name, work) => {
  try {
    found[name] = (await work()) ?? "done";
  } catch (error) {
    found[name] = error.code;
  }
};
const filler = join(directory, "filler");
writeFileSync(filler, new Uint8Array(2 * 2 ** 20));
await codeOf("no space for the block", () => new HostCarrier(directory, { mapped: false }));
found["left of it"] = readdirSync(directory);
writeFileSync(filler, new Uint8Array(2 ** 20));

const carrier = new HostCarrier(directory, { mapped: false });
const child = spawn(process.env.TR_PYTHON || "python3", [worker], {
  stdio: ["pipe", "inherit", "inherit", ...carrier.stdio],
  env: {
    ...process.env,
    ...carrier.env,
    TR_SESSION_DIR: directory,
    TR_HOST_PID: String(process.pid),
  },
});
carrier.attach(child);
await once(carrier.bell, "data");
const { slots, tensors } = carrier.connect();
const call = (message) =>
  new Promise((resolve) => {
    slots.onNews = () => {
      const bytes = slots.takeResponse();
      if (bytes === undefined) slots.expect();
      else resolve(JSON.parse(new TextDecoder().decode(bytes)));
    };
    slots.sendRequest(JSON.stringify(message));
    slots.expect();
  });
await codeOf("a tensor", () => tensors.put([{ tag: "x", tensor: full([2 ** 20], 1) }]));
await codeOf("a large tensor", () => tensors.put([{ tag: "x", tensor: full([4 * 2 ** 20], 1) }]));
await codeOf("a long message", () => slots.sendRequest("x".repeat(2 * 2 ** 20)));
await codeOf("a result", async () => (await call({ do: "fill", count: 2 ** 20 })).code);
tensors.trim({ all: true });
await codeOf("afterwards", async () => {
  const { field } = await tensors.put([{ tag: "x", tensor: full([10_000], 3) }]);
  const answer = await call({ do: "square", memory: field });
  return (await tensors.take(answer.memory)).get("y").data[9999];
});
console.log(JSON.stringify(found));
child.stdin.end();
await once(child, "exit");
await carrier.close();
