import { readdirSync, readFileSync } from "node:fs";
import * as root from "@tr/protocol";
import * as errors from "@tr/protocol/errors";
import * as schemas from "@tr/protocol/schemas";
import { expect, it } from "vitest";

it("exports these names and no others", () => {
  expect(Object.keys(root).sort()).toEqual([
    "TrError",
    "argsToWords",
    "assertName",
    "buildCancel",
    "buildCredit",
    "buildHostInfo",
    "buildRequest",
    "buildTerseRequest",
    "decodeValue",
    "encodeValue",
    "isName",
    "maxIntDigits",
    "maxValueDepth",
    "namePattern",
    "negotiateLevel",
    "parseCancel",
    "parseCredit",
    "parseHeartbeat",
    "parseHostInfo",
    "parseMessage",
    "parseProgress",
    "parseRequest",
    "parseResponse",
    "parseStatus",
    "parseWorkerInfo",
    "trErrorCodes",
  ]);
  expect(Object.keys(errors).sort()).toEqual(["TrError", "trErrorCodes"]);
  expect(Object.keys(schemas).sort()).toEqual([
    "cancelSchema",
    "creditSchema",
    "heartbeatSchema",
    "hostInfoSchema",
    "requestSchema",
    "responseSchema",
    "workerInfoSchema",
  ]);
});

it("has one TrError, whichever way it is imported", () => {
  expect(root.TrError).toBe(errors.TrError);
});

it("needs zod for nothing but the schemas, and loads no package at run time", () => {
  const dist = new URL("../dist/", import.meta.url);
  const scripts = readdirSync(dist).filter((file) => file.endsWith(".js"));
  const read = (file: string) => readFileSync(new URL(file, dist), "utf8");
  const imports = (file: string) =>
    [...read(file).matchAll(/^(?:import|\} from|export .* from) *"(.+?)"/gm)].map(
      ([, from]) => from,
    );
  for (const file of scripts) {
    for (const from of imports(file)) expect(from, file).toMatch(/^\.\//);
    if (file !== "schemas.js") expect(read(file), file).not.toMatch(/zod/i);
  }
});
