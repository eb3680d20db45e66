import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { campaignSize, seed } from "../../test/campaign.js";
import { useGateways } from "../../test/gateways.js";

const gateways = useGateways();

interface Schema {
  readonly type?: string;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly properties?: Readonly<Record<string, Schema>>;
}
interface Operation {
  readonly requestBody?: {
    readonly content: Readonly<Record<string, { readonly schema: Schema }>>;
  };
  readonly parameters?: readonly { readonly name: string; readonly in: string }[];
  readonly responses: Readonly<Record<string, unknown>>;
}

/** Few, so that one is asked for again. */
const sessionIds = fc.constantFrom("a", "b", "c");

/** What a schema asks for, or now and then anything else. */
function anyOf(schema: Schema): fc.Arbitrary<unknown> {
  const { type, properties = {}, required = [], minimum = -1e9, maximum = 1e9, pattern } = schema;
  const [min, max] = [Math.max(minimum, -1e9), Math.min(maximum, 1e9)];
  const texts = pattern === undefined ? fc.constantFrom('{"events":2}', "", "ü{") : sessionIds;
  const right: Record<string, fc.Arbitrary<unknown>> = {
    string: fc.oneof({ weight: 4, arbitrary: texts }, { weight: 1, arbitrary: fc.string() }),
    number: fc.double({ min, max, noNaN: true }),
    integer: fc.integer({ min, max }),
    boolean: fc.boolean(),
    object: fc.record(
      Object.fromEntries(Object.entries(properties).map(([name, inner]) => [name, anyOf(inner)])),
      { requiredKeys: [...required] },
    ),
  };
  const arbitrary = right[type ?? ""] ?? fc.jsonValue();
  return fc.oneof({ weight: 20, arbitrary }, { weight: 1, arbitrary: fc.jsonValue() });
}

it("no request that its schema lets one think of is answered with a status that it does not declare", async () => {
  const tasks = { dataDir: join(gateways.workspace, "data"), maxQueued: 3, maxEvents: 4 };
  const client = await gateways.ready({ maxConcurrent: 2 }, { tasks });
  const { paths = {} } = await client.json("/openapi.json");
  const operations = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods as Record<string, Operation>).map(([method, operation]) => ({
      ...{ path, method: method.toUpperCase(), operation },
    })),
  );
  const seen = new Map<string, number>();
  const requests = fc.constantFrom(...operations).chain(({ path, method, operation }) => {
    const schema = operation.requestBody?.content["application/json"]?.schema;
    const body = schema === undefined ? fc.constant(undefined) : anyOf(schema);
    const parameters = operation.parameters ?? [];
    const texts = fc.array(
      fc.oneof(fc.string(), sessionIds, fc.constantFrom("1", "3", "true", "-1")),
      {
        ...{ minLength: parameters.length, maxLength: parameters.length },
      },
    );
    const type = fc.constantFrom(...Array(8).fill("application/json"), "text/plain", "a/b");
    return fc.record({ body, texts, type }).map((given) => ({ path, method, operation, ...given }));
  });
  await fc.assert(
    fc.asyncProperty(requests, async ({ path, method, operation, body, texts, type }) => {
      const headers: Record<string, string> = { "content-type": type };
      const query = new URLSearchParams();
      let place = path;
      for (const [number, { name, in: where }] of (operation.parameters ?? []).entries()) {
        const text = texts[number] ?? "";
        if (where === "path") place = place.replace(`{${name}}`, encodeURIComponent(text) || "x");
        else if (where === "query") query.set(name, text);
        else headers[name] = encodeURIComponent(text);
      }
      const response = await client.fetch(`${place}?${query}`, {
        ...{ method, headers, signal: AbortSignal.timeout(20_000) },
        ...(body !== undefined && { body: JSON.stringify(body) }),
      });
      await response.text();
      const key = `${method} ${path} ${response.status}`;
      seen.set(key, (seen.get(key) ?? 0) + 1);
      expect(Object.keys(operation.responses), key).toContain(String(response.status));
    }),
    { numRuns: campaignSize(300), seed },
  );
  expect([...seen.keys()]).toEqual(
    expect.arrayContaining([
      "POST /chat 200",
      "POST /chat/stream 200",
      "POST /chat 400",
      "POST /tasks 202",
    ]),
  );
  console.log(
    [...seen]
      .map(([key, count]) => `${key}: ${count}`)
      .sort()
      .join("\n"),
  );
  expect((await client.health()).status).toBe(200);
}, 3_600_000);
