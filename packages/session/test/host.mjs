// A host for the tests to kill: starts a session, gets its worker into a situation, says so, and waits.
// Prints one JSON line: the pids that must be gone with it, and its session directory.
import { PythonSession } from "@tr/session";

const [script, workspace, situation, ...python] = process.argv.slice(2);
const session = new PythonSession({
  script,
  workspace,
  quiet: true,
  args: [situation],
  ...(process.env.TR_TEST_TRANSPORT && { transport: process.env.TR_TEST_TRANSPORT }),
  ...(process.env.TR_TEST_SPAWN && { spawn: process.env.TR_TEST_SPAWN }),
  ...(python.length > 0 && { python }),
});
const lines = [];
session.on("log", ({ line }) => {
  lines.push(line);
  if (!line.startsWith("pids ")) return;
  console.log(
    JSON.stringify({ pids: line.slice(5).split(" ").map(Number), directory: session.sessionDir }),
  );
});
setInterval(() => {}, 1000); // alive until it is killed
await session.start();
await session.call("suffer", []);
