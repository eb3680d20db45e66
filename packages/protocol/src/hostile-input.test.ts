import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { parseCancel, parseCredit } from "./control.js";
import { decodeValue } from "./decode-value.js";
import { TrError } from "./errors.js";
import { parseHeartbeat } from "./heartbeat.js";
import { parseHostInfo } from "./host-info.js";
import { isName } from "./name.js";
import { parseMessage } from "./parse-message.js";
import { parseRequest } from "./parse-request.js";
import { parseResponse } from "./parse-response.js";
import { parseStatus } from "./parse-status.js";
import { requestSchema, responseSchema } from "./schemas.js";
import { parseWorkerInfo } from "./worker-info.js";

const parsers = {
  parseMessage: (text: string) => parseMessage(text),
  parseRequest,
  parseResponse,
  parseStatus,
  parseWorkerInfo,
  parseHostInfo,
  parseHeartbeat,
  parseCancel,
  parseCredit,
};

const json = fc.oneof(
  fc.jsonValue(),
  fc.constantFrom(
    null,
    0,
    1,
    2,
    -1,
    0.5,
    1e300,
    2 ** 53,
    "",
    "ok",
    "error",
    "item",
    "value",
    "progress",
    "r-1",
    "../x",
    "__proto__",
    true,
    ["a"],
    ["../a"],
    { type: "E", message: "m", traceback: "t" },
    { type: 5 },
    { commands: ["a"] },
  ),
);
const field = fc.constantFrom(
  ..."cmd params command parameters message result tensors timestamp id protocol seq final kind value error".split(
    " ",
  ),
  ..."args kwargs stream deadline_ms pid python packages commands concurrency phase granted boot_id".split(
    " ",
  ),
  ..."__proto__ constructor toString".split(" "),
);
const message = fc
  .array(fc.tuple(field, json), { maxLength: 10 })
  .map((entries) => JSON.stringify(Object.fromEntries(entries)));
/** A message of which a part is cut out, doubled or replaced. */
const mutated = fc
  .tuple(message, fc.nat(), fc.nat(20), fc.string({ unit: "binary", maxLength: 6 }))
  .map(([text, at, length, insert]) => {
    const start = at % (text.length + 1);
    return text.slice(0, start) + insert + text.slice(start + length);
  });
const text = fc.oneof(message, mutated, fc.string({ unit: "binary" }));

/** What a parser answers: its value, or "refused" when it throws what it may throw. */
function outcome(parse: () => unknown): unknown {
  try {
    return parse();
  } catch (error) {
    if (!TrError.is(error)) throw error;
    return "refused";
  }
}

describe("hostile input", () => {
  it("makes the parsers throw a TrError or nothing", () => {
    fc.assert(
      fc.property(text, (input) => {
        for (const parse of Object.values(parsers)) outcome(() => parse(input));
        expect(Object.keys(Object.prototype)).toEqual([]);
      }),
      { seed: 1, numRuns: 5000 },
    );
  });

  it("as arbitrary bytes makes the parsers of files throw a TrError or nothing", () => {
    const { parseMessage: _, ...files } = parsers;
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
        for (const parse of Object.values(files)) outcome(() => parse(bytes));
      }),
      { seed: 2, numRuns: 2000 },
    );
  });

  it("never gets an id or tag through that is not a name", () => {
    fc.assert(
      fc.property(message, (input) => {
        const response = outcome(() => parseResponse(input));
        if (response === "refused") return;
        const { id = "none", tensors, value = null } = response as ReturnType<typeof parseResponse>;
        expect([id, ...tensors].every(isName)).toBe(true);
        decodeValue(value, { getTensor: (tag) => expect(isName(tag)).toBe(true) });
      }),
      { seed: 3, numRuns: 5000 },
    );
  });

  it("is judged by the parsers as by the schemas", () => {
    const counts = { response: [0, 0], request: [0, 0] };
    const wellFormed = fc.record(
      {
        command: fc.constantFrom("f", "", null, 5),
        cmd: fc.constantFrom("f", ""),
        params: fc.constantFrom("a,b", "", null, 5),
        message: fc.constantFrom("text", null, {}),
        result: fc.constantFrom("ok", "error", null, "fine"),
        tensors: fc.constantFrom(["a"], [], null, ["../a"], {}),
        id: fc.constantFrom("r-1", null, "../x", 5),
        protocol: fc.constantFrom(2, 2, 2, 3, null),
        seq: fc.constantFrom(0, 1, -1, 0.5, null),
        final: fc.constantFrom(true, false, 1),
        kind: fc.constantFrom("value", "item", "progress", "error", "x"),
        value: fc.jsonValue(),
        error: fc.constantFrom({ type: "E", message: "" }, { type: 5 }, null, {}, []),
        args: fc.constantFrom([], [1], {}),
        kwargs: fc.constantFrom({}, { a: 1 }, []),
        stream: fc.constantFrom(true, 0),
        deadline_ms: fc.constantFrom(5, -1, null),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          wellFormed.map((x) => JSON.stringify(x)),
          message,
        ),
        (input) => {
          const object: unknown = JSON.parse(input);
          const response = outcome(() => parseResponse(input)) !== "refused";
          const request = outcome(() => parseRequest(input)) !== "refused";
          expect(responseSchema.safeParse(object).success, `response ${input}`).toBe(response);
          expect(requestSchema.safeParse(object).success, `request ${input}`).toBe(request);
          counts.response[response ? 1 : 0] = (counts.response[response ? 1 : 0] ?? 0) + 1;
          counts.request[request ? 1 : 0] = (counts.request[request ? 1 : 0] ?? 0) + 1;
        },
      ),
      { seed: 4, numRuns: 10_000 },
    );
    // Both answers were put to the test.
    expect(Math.min(...counts.response, ...counts.request)).toBeGreaterThan(100);
  });
});
