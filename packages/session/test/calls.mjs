// A host for the tests to kill: calls without pause and notes what it sent and what came back, each in
// one write. Prints one JSON line when the first call is about to go: its worker and its session directory.
import { openSync, writeSync } from "node:fs";
import { PythonSession } from "@tr/session";
import { full } from "@tr/tsr-codec";

const [script, workspace, notes, marks, calls] = process.argv.slice(2);
const file = openSync(notes, "a", 0o600);
const session = new PythonSession({
  script,
  workspace,
  sessionId: "same",
  quiet: true,
  args: [marks],
  ...(process.env.TR_TEST_TRANSPORT && { transport: process.env.TR_TEST_TRANSPORT }),
});
await session.start();
console.log(JSON.stringify({ pid: session.info.pid, directory: session.sessionDir }));
for (let i = 1; i <= Number(calls); i++) {
  writeSync(file, `sent ${i}\n`);
  const { number, x } = await session.call("mark", [i, full([4], 1)]);
  const isRight = number === i && x.data.every((value) => value === i);
  writeSync(file, `${isRight ? "right" : "WRONG"} ${i}\n`);
}
await session.close();
writeSync(file, "closed\n");
