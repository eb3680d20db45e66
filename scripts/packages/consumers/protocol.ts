// Compiled and run against the packed package.
import assert from "node:assert/strict";
import { buildRequest, type JsonValue, parseResponse, type Response, TrError } from "@tr/protocol";
import { TrError as FromErrors, type TrErrorCode } from "@tr/protocol/errors";
import { requestSchema } from "@tr/protocol/schemas";

const args: JsonValue[] = [1, "two", { three: null }];
const text = buildRequest({ command: "norm", level: 2, id: "r-1", args, timestampMs: 0 });
assert.equal(requestSchema.parse(JSON.parse(text)).command, "norm");

const answer: Response = parseResponse(
  '{"id":"r-1","seq":0,"final":true,"kind":"value","value":1}',
);
assert.equal(answer.value, 1);

assert.equal(TrError, FromErrors, "both entries share one class");
const unreachable = () => parseResponse('{"id":"../x"}');
assert.throws(unreachable, (error) => TrError.is(error, "TR_PROTOCOL"));

export function refusedByTheCompiler(error: unknown): TrErrorCode {
  if (TrError.is(error, "TR_PYTHON_ERROR")) {
    const traceback: string | undefined = error.pythonTraceback;
    void traceback;
    // @ts-expect-error an exit code is not among the fields of this code
    void error.exitCode;
  }
  // @ts-expect-error there is no such code
  return "TR_NO_SUCH_CODE";
}
