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
  sandbox: {
    folder: here("."),
    resources: { notes: { backendClass: "backends:Notes" } },
    ...(python && { python }),
  },
});
const ofOthers = [
  // A task that was cancelled is still there to be read.
  // An id of Last-Event-ID that no event has yet is refused, and a tool that is not there: no document can say which.
  ...["--exclude-checks", "positive_data_acceptance,unsupported_method,use_after_free"],
  ...["--exclude-path-regex", "^/api/v1"],
];
const ofSandbox = [
  // Its failures are declared with a status 5xx; one that is not is still found. A body that is missing is {}.
  "--exclude-checks",
  "positive_data_acceptance,unsupported_method,use_after_free,not_a_server_error,negative_data_rejection",
  ...["--include-path-regex", "^/api/v1", "--exclude-path", "/api/v1/server/shutdown"],
];
let code = 1;
try {
  const url = await gateway.listen();
  await gateway.ready();
  const tool = ["run", "--no-project", "--with-requirements", here("requirements.txt")];
  const args = [
    ...[...tool, ...(python ? ["--python", python] : []), "schemathesis"],
    ...["run", `${url}/openapi.json`, "--header", `Authorization: Bearer ${gateway.token}`],
    ...["--max-examples", size, "--seed", seed, "--checks", "all", ...process.argv.slice(2)],
  ];
  for (const part of [ofOthers, ofSandbox]) {
    const child = spawn("uv", [...args, ...part], { cwd: folder, stdio: "inherit" });
    [code] = await once(child, "exit");
    if (code !== 0) break;
  }
  const health = await fetch(`${url}/health`, {
    headers: { authorization: `Bearer ${gateway.token}` },
  });
  if (!health.ok) throw new Error(`afterwards /health is ${health.status}: ${await health.text()}`);
} finally {
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
}
process.exitCode = code ?? 1;
