// Compiled and run against the packed package, with the Python that a user's session would find.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { PythonSession, type SessionState, TrError } from "@tr/session";

// The script's folder has no tech_renaissance: it must come from the installed package.
writeFileSync(
  join(import.meta.dirname, "server.py"),
  `import tech_renaissance
from tech_renaissance import command, serve

@command
def where():
    return tech_renaissance.__file__

@command
def double(values, times: int = 1):
    return [value * 2 for value in values] * times

if __name__ == "__main__":
    serve()
`,
);

const standard = new PythonSession();
const own = new PythonSession({ script: join(import.meta.dirname, "server.py") });
try {
  await Promise.all([standard.start(), own.start()]);
  assert.equal(await standard.fetchResponse("hello world", 10_000), "Hello World");
  await standard.pleaseExit(5000, true);
  const state: SessionState = standard.state;
  assert.equal(state.status, "exited");

  const where = await own.call<string>("where");
  assert(where.startsWith(join(import.meta.dirname, "node_modules")), where);
  const doubled = await own.call<number[]>("double", [[1, 2]], { kwargs: { times: 2 } });
  assert.deepEqual(doubled, [2, 4, 2, 4]);
  const failed = own.call("nonsense");
  await assert.rejects(failed, (error) => TrError.is(error, "TR_UNKNOWN_COMMAND"));
} finally {
  await Promise.all([standard.close(), own.close()]);
}

export async function refusedByTheCompiler(): Promise<void> {
  // @ts-expect-error there is no such option
  new PythonSession({ scrip: "server.py" });
  // @ts-expect-error arguments are an array
  await own.call("double", 1);
  const result = await own.call("where");
  // @ts-expect-error a result is unknown unless the call says otherwise
  void result.length;
}
