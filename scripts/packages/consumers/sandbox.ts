// Compiled and run against the packed package; scripts/packages/consumers/gateway.ts starts a server with it.
import assert from "node:assert/strict";
import { Sandbox, type ToolResult, TrError } from "@tr/sandbox";
import { type Answer, codes } from "@tr/sandbox/server";

const code: Answer["code"] = codes.noSession;
assert.equal(code, 4007);

const sandbox = new Sandbox({ serverUrl: "http://127.0.0.1:1", token: "x".repeat(16) });
try {
  await assert.rejects(sandbox.execute("demo:echo"), (error) => {
    assert(TrError.is(error, "TR_SANDBOX_UNREACHABLE"));
    return error.mayHaveRun === false;
  });
} finally {
  await sandbox.close();
}

export async function refusedByTheCompiler(): Promise<void> {
  const result: ToolResult<number> = await sandbox.execute<number>("demo:echo");
  // @ts-expect-error data is a number
  result.data.length;
  // @ts-expect-error there is no such option
  new Sandbox({ serverURL: "http://127.0.0.1:1" });
  // @ts-expect-error milliseconds say so
  await sandbox.execute("demo:echo", {}, { timeout: 5 });
}
