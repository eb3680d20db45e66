// Compiled and run against the packed package.
import assert from "node:assert/strict";
import { TrError } from "@tr/sandbox";
import { type Answer, codes } from "@tr/sandbox/server";

assert(!TrError.is(new Error("none of ours")));
const code: Answer["code"] = codes.noSession;
assert.equal(code, 4007);
