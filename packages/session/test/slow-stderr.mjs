// Run by logs.test.ts, which does not read this program's stderr at first. A script prints 40 MB that
// nobody listens to, and answers meanwhile. Prints one JSON line when stderr has stopped growing.
import { PythonSession } from "@tr/session";

const [script, workspace, lines, width] = process.argv
  .slice(2)
  .map((word, i) => (i < 2 ? word : Number(word)));
const session = new PythonSession({ script, workspace, sessionId: "slow" });
await session.start();
await session.call("flood_behind", [lines, width]);
let behind = 0;
for (let since = performance.now(); behind === 0 || performance.now() - since < 500; ) {
  await session.call("answer", [1]); // an answer comes however far behind the output is
  if (process.stderr.writableLength === behind) continue;
  behind = process.stderr.writableLength;
  since = performance.now();
}
console.log(JSON.stringify({ behind }));
await session.call("answer", [2]);
process.stdin.once("data", async () => {
  // Somebody reads now.
  await session.pleaseExit(0);
});
