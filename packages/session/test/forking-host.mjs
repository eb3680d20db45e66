// A host for the tests to kill: starts and ends workers of a fork server for ever. Says when the first is there.
import { PythonSession } from "@tr/session";

const [script, workspace] = process.argv.slice(2);
async function startAndEnd() {
  for (;;) {
    const session = new PythonSession({ script, workspace, spawn: "fork-server", quiet: true });
    await session.start();
    console.log("started");
    await session.close();
  }
}
await Promise.all([startAndEnd(), startAndEnd()]);
