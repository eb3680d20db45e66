// Requests made from the gateway's OpenAPI document, by schemathesis, in an environment of its own: answers that
// the document does not declare, of another shape or a status 5xx, are failures.
// node scripts/schema-fuzz/run.mjs [further arguments of schemathesis]; TR_CAMPAIGN_SIZE: examples for each operation
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { createGateway } from "../../packages/gateway/dist/index.js";

const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const {
  TR_PYTHON: python,
  TR_CAMPAIGN_SIZE: size = "20",
  TR_CAMPAIGN_SEED: seed = "1",
} = process.env;
const folder = mkdtempSync(join(tmpdir(), "tr-schema-fuzz-"));
const gateway = createGateway({
  ...{ port: 0, log: { level: "error", destination: process.stderr } },
  chat: { script: here("agent.py"), ...(python && { python }) },
  tasks: { dataDir: join(folder, "data") },
});
let code = 1;
try {
  const url = await gateway.listen();
  await gateway.ready();
  const checks = [
    // An id of Last-Event-ID that no event has yet is refused; the document cannot say which those are.
    ...["--exclude-checks", "positive_data_acceptance,unsupported_method"],
    ...["--header", `Authorization: Bearer ${gateway.token}`],
    ...["--max-examples", size, "--seed", seed, "--checks", "all"],
  ];
  const tool = ["run", "--no-project", "--with-requirements", here("requirements.txt")];
  const args = [
    ...[...tool, ...(python ? ["--python", python] : []), "schemathesis"],
    ...["run", `${url}/openapi.json`, ...checks, ...process.argv.slice(2)],
  ];
  const child = spawn("uv", args, { cwd: folder, stdio: "inherit" });
  [code] = await once(child, "exit");
  const health = await fetch(`${url}/health`, {
    headers: { authorization: `Bearer ${gateway.token}` },
  });
  if (!health.ok) throw new Error(`afterwards /health is ${health.status}: ${await health.text()}`);
} finally {
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = code ?? 1;
