import { join } from "node:path";
import { expect, it } from "vitest";
import { folder } from "../../test/back-ends.js";
import type { SandboxOptions } from "./options.js";
import { resolveSandboxOptions } from "./resolve-options.js";

it("fills in the defaults, and puts functions of one module together", () => {
  const resolved = resolveSandboxOptions({
    folder,
    resources: {
      rag: { backendClass: "a.b.Rag" },
      vm: { backendClass: "vm:Vm", config: { x: 1 } },
    },
    apis: {
      one: { function: "tools:one" },
      two: { function: "tools.two", config: { k: 1 } },
      three: { function: "more.tools:three" },
    },
    warmup: ["vm"],
  });
  expect(resolved).toMatchObject({ apiReplicas: 1, sessionTtlMs: 300_000, startTimeoutMs: 60_000 });
  expect([...resolved.resources]).toEqual([
    ["rag", { backendClass: "a.b.Rag", isolation: "shared", config: {} }],
    ["vm", { backendClass: "vm:Vm", isolation: "shared", config: { x: 1 } }],
  ]);
  expect([...resolved.modules.keys()]).toEqual(["tools", "more.tools"]);
  expect(resolved.modules.get("tools")).toEqual({
    one: { function: "tools:one", config: {} },
    two: { function: "tools.two", config: { k: 1 } },
  });
});

it.each<[string, object]>([
  ["folder", { folder: "relative" }],
  ["folder", { folder: join(folder, "none") }],
  ["ttl", { ttl: 1 }],
  ["resources", { resources: [] }],
  ["resources.a b", { resources: { "a b": { backendClass: "m:C" } } }],
  ["resources.a:b", { resources: { "a:b": { backendClass: "m:C" } } }],
  ["resources.a", { resources: { a: "m:C" } }],
  ["resources.a.backendClass", { resources: { a: {} } }],
  ["resources.a.backendClass", { resources: { a: { backendClass: "Class" } } }],
  ["resources.a.backendClass", { resources: { a: { backendClass: "m:a:b" } } }],
  ["resources.a.isolation", { resources: { a: { backendClass: "m:C", isolation: "none" } } }],
  ["resources.a.config", { resources: { a: { backendClass: "m:C", config: [] } } }],
  ["resources.a.enabled", { resources: { a: { backendClass: "m:C", enabled: true } } }],
  ["apis.e.function", { apis: { e: { function: 1 } } }],
  ["apis.e.config", { apis: { e: { function: "m:f", config: null } } }],
  ["apiReplicas", { apiReplicas: 0 }],
  ["sessionTtlMs", { sessionTtlMs: 0.5 }],
  ["sessionTtlMs", { sessionTtlMs: Number.POSITIVE_INFINITY }],
  ["warmup", { warmup: ["rag"] }],
  ["python", { python: "" }],
  ["env", { env: { A: 1 } }],
  ["startTimeoutMs", { startTimeoutMs: 0 }],
])("names the option %s in %j", (name, options) => {
  const text = `option ${name}: expected`;
  const plain = name === "startTimeoutMs" ? "startTimeoutMs" : text;
  expect(() => resolveSandboxOptions({ folder, ...options } as SandboxOptions)).toThrow(
    expect.objectContaining({
      code: "TR_INVALID_ARGUMENT",
      message: expect.stringContaining(plain),
    }),
  );
});
