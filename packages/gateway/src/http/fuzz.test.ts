import { join } from "node:path";
import fc from "fast-check";
import { expect, it } from "vitest";
import { campaignSize, seed } from "../../test/campaign.js";
import { backEndsFolder, useGateways } from "../../test/gateways.js";

const gateways = useGateways();

interface Schema {
  readonly type?: string;
  readonly required?: readonly string[];
  readonly minimum?: number;
  readonly maximum?: number;
  readonly pattern?: string;
  readonly items?: Schema;
  readonly anyOf?: readonly Schema[];
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

/** What there is, for fields of these names: what is not there is soon told. */
const known: Readonly<Record<string, fc.Arbitrary<unknown>>> = {
  worker_id: sessionIds,
  resource_type: fc.constantFrom("notes", "nothing"),
  action: fc.constantFrom("notes:add", "all", "notes:who", "notes:fail", "echo", "nothing"),
  params: fc.constantFrom({}, { text: "a" }, { message: "b" }, { how: "tool" }, { how: "own" }),
  resource_configs: fc.constantFrom(
    {},
    { notes: {} },
    { notes: { content: { texts: [] } }, x: {} },
  ),
  config_path: fc.constantFrom("nothing.json", "/etc/passwd", "../a.json"),
  timeout: fc.constantFrom(0, 5, null),
};

/** What a schema asks for, or now and then anything else. */
function anyOf(schema: Schema): fc.Arbitrary<unknown> {
  if (schema.anyOf !== undefined) return fc.oneof(...schema.anyOf.map(anyOf));
  const { type, properties = {}, required = [], minimum = -1e9, maximum = 1e9, pattern } = schema;
  const [min, max] = [Math.max(minimum, -1e9), Math.min(maximum, 1e9)];
  const texts = pattern === undefined ? fc.constantFrom('{"events":2}', "", "ü{") : sessionIds;
  const right: Record<string, fc.Arbitrary<unknown>> = {
    string: fc.oneof({ weight: 4, arbitrary: texts }, { weight: 1, arbitrary: fc.string() }),
    number: fc.double({ min, max, noNaN: true }),
    integer: fc.integer({ min, max }),
    boolean: fc.boolean(),
    array: fc.array(schema.items ? anyOf(schema.items) : fc.jsonValue(), { maxLength: 3 }),
    null: fc.constant(null),
    object: fc.record(
      Object.fromEntries(
        Object.entries(properties).map(([name, inner]) => {
          const own = known[name];
          const weighted = (arbitrary: fc.Arbitrary<unknown>, weight: number) => ({
            arbitrary,
            weight,
          });
          const either = own && fc.oneof(weighted(own, 10), weighted(anyOf(inner), 1));
          return [name, either ?? anyOf(inner)];
        }),
      ),
      { requiredKeys: [...required] },
    ),
  };
  const arbitrary = right[type ?? ""] ?? fc.jsonValue();
  return fc.oneof({ weight: 20, arbitrary }, { weight: 1, arbitrary: fc.jsonValue() });
}

it("no request that its schema lets one think of is answered with a status that it does not declare", async () => {
  const tasks = { dataDir: join(gateways.workspace, "data"), maxQueued: 3, maxEvents: 4 };
  const sandbox = {
    folder: backEndsFolder,
    resources: { notes: { backendClass: "back_ends:Notes" } },
    apis: { echo: { function: "back_ends:echo" } },
  };
  const client = await gateways.ready({ maxConcurrent: 2 }, { tasks, sandbox });
  const { paths = {} } = await client.json("/openapi.json");
  // Its answer is the end of all others.
  delete paths["/api/v1/server/shutdown"];
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
    { numRuns: campaignSize(500), seed },
  );
  expect([...seen.keys()]).toEqual(
    expect.arrayContaining([
      "POST /chat 200",
      "POST /chat/stream 200",
      "POST /chat 400",
      "POST /tasks 202",
      "POST /api/v1/execute 200",
      "POST /api/v1/execute 400",
      "POST /api/v1/session/create 200",
      "POST /api/v1/session/destroy 404",
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
