// A campaign is a test of the ordinary run at another size:
// node scripts/campaign.mjs <name> [--size N] [--seed N] [--transport mapped|unmapped|file], the last for those of sessions
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";

const root = fileURLToPath(new URL("..", import.meta.url));
const windows = process.platform === "win32";

const report = join(tmpdir(), `tr-campaign-${process.pid}.json`);
const vitest = (project, file, title) => [
  "pnpm",
  [
    ...["exec", "vitest", "run", "--project", project, file, ...(title ? ["-t", title] : [])],
    ...["--reporter=default", "--reporter=json", `--outputFile.json=${report}`],
  ],
];
const environment = windows ? join("Scripts", "python.exe") : join("bin", "python");
const python = process.env.TR_PYTHON || join(root, ".venv", environment);
const pytest = (file) => [python, ["-m", "pytest", "-s", join("python", "tests", file)]];
/** What each runs, and the size that makes it last about ten minutes. */
const campaigns = {
  "host-kills": { size: 200, command: vitest("@tr/session", "src/lifetime.test.ts", "killed") },
  "kills-at-system-calls": {
    size: 1000, // more than there are: every one
    command: vitest("@tr/session", "src/exactly-once.test.ts", "system call"),
  },
  "hung-closes": { size: 1000, command: vitest("@tr/session", "src/stop-ladder.test.ts") },
  "kills-at-random": {
    size: 1000,
    command: vitest("@tr/session", "src/exactly-once.test.ts", "random moment.+worker:"),
  },
  "kills-of-host-at-random": {
    size: 1000,
    command: vitest("@tr/session", "src/exactly-once.test.ts", "random moment.+host:"),
  },
  "cancel-storm": { size: 100_000, command: vitest("@tr/session", "src/cancel-storm.test.ts") },
  "cancel-times": {
    size: 200,
    command: vitest("@tr/session", "src/cancellation.test.ts", "stops|its turn|from C"),
  },
  "session-model": {
    size: 1500,
    command: vitest("@tr/session", "src/session-model.test.ts"),
  },
  "sandbox-model": { size: 150_000, command: vitest("@tr/sandbox", "src/server/model.test.ts") },
  "sandbox-histories": {
    size: 2_000,
    command: vitest("@tr/sandbox", "src/server/real-histories.test.ts"),
  },
  "stream-endurance": {
    size: 300_000,
    command: vitest("@tr/session", "src/stream-endurance.test.ts"),
  },
  "fuzz-codec": { size: 50_000_000, command: vitest("@tr/tsr-codec", "src/fuzz.test.ts") },
  "fuzz-messages": { size: 100_000_000, command: vitest("@tr/protocol", "src/fuzz.test.ts") },
  "fuzz-codec-python": { size: 25_000_000, command: pytest("test_fuzz_tsr.py") },
  "fuzz-requests-python": { size: 6_000_000, command: pytest("test_fuzz_requests.py") },
  differential: {
    size: 20_000_000,
    command: ["node", [join("scripts", "differential", "run.mjs")]],
  },
  names: { size: 1_000_000, command: vitest("@tr/file-channel", "src/names-fuzz.test.ts") },
  "names-python": { size: 1_000_000, command: pytest("test_fuzz_names.py") },
  "file-faults": {
    size: 30_000,
    command: vitest("@tr/file-channel", "src/faults-campaign.test.ts"),
  },
  "file-faults-python": { size: 30_000, command: pytest("test_fuzz_files.py") },
  "wake-ups": { size: 1_000_000, command: vitest("@tr/shared-memory", "src/wake-ups.test.ts") },
  "gateway-kills": {
    size: 12_000,
    command: vitest("@tr/gateway", "src/many-requests.test.ts", "killed"),
  },
  "gateway-endurance": { size: 60_000, command: vitest("@tr/gateway", "src/endurance.test.ts") },
  "fuzz-gateway": { size: 50_000, command: vitest("@tr/gateway", "src/http/fuzz.test.ts") },
  "schema-fuzz": { size: 200, command: ["node", [join("scripts", "schema-fuzz", "run.mjs")]] },
  "waiting-streams": { size: 500, command: vitest("@tr/gateway", "src/waiting-streams.test.ts") },
  "slow-sockets": { size: 5000, command: vitest("@tr/gateway", "src/http/slow-sockets.test.ts") },
  notifications: {
    size: 300_000,
    command: vitest("@tr/file-channel", "src/notifications-campaign.test.ts"),
  },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { size: { type: "string" }, seed: { type: "string" }, transport: { type: "string" } },
});
const [name] = positionals;
const campaign = campaigns[name];
if (campaign === undefined) {
  console.error(`expected a campaign, one of ${Object.keys(campaigns).join(", ")}, found ${name}`);
  process.exit(2);
}
/** How the sessions of the tests talk to their workers: see packages/session/test/scripts.ts. */
const carriers = {
  mapped: {},
  unmapped: { TR_TEST_MAPPED: "off" },
  file: { TR_TEST_TRANSPORT: "file" },
};
const { transport = "mapped" } = values;
if (carriers[transport] === undefined) {
  console.error(
    `expected a transport, one of ${Object.keys(carriers).join(", ")}, found ${transport}`,
  );
  process.exit(2);
}
const size = values.size ?? String(campaign.size);
const seed = values.seed ?? String(Date.now() % 2 ** 31);
console.log(`campaign ${name}: size ${size}, seed ${seed}, transport ${transport}`);
const started = performance.now();
const [file, args] = campaign.command;
const { status } = spawnSync(file, args, {
  cwd: campaign.folder ? join(root, campaign.folder) : root,
  stdio: "inherit",
  shell: windows,
  env: {
    ...{ ...process.env, ...carriers[transport] },
    ...{ TR_PYTHON: python, TR_CAMPAIGN_SIZE: size, TR_CAMPAIGN_SEED: seed },
  },
});
console.log(
  `campaign ${name}: ${((performance.now() - started) / 1000).toFixed(0)} s, seed ${seed}`,
);
// A tool that is missing, or a title that has changed, is no success: vitest says so of a test it skips.
const hasRun = !existsSync(report) || JSON.parse(readFileSync(report, "utf8")).numPassedTests > 0;
if (!hasRun) console.error(`campaign ${name}: no test ran`);
rmSync(report, { force: true });
process.exit(hasRun ? (status ?? 1) : 1);
