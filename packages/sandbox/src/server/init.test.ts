import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { dataOf, fakeSandbox, vm, worker_id } from "../../test/sandbox.js";
import { httpStatusOf } from "./answers.js";

/** On Windows they need a right that few have. */
const hasLinks = process.platform !== "win32";

describe("sessions from configs", () => {
  const outside = mkdtempSync(join(tmpdir(), "tr-sandbox-"));
  const folder = join(outside, "inside");
  mkdirSync(join(folder, "sub"), { recursive: true });
  afterAll(() => rmSync(outside, { recursive: true, force: true }));
  const write = (path: string, value: unknown) =>
    writeFileSync(join(folder, path), JSON.stringify(value));
  const two = { vm: { content: { size: 1, deep: { a: 1 } } }, rag: { top: 5 } };
  write("two.json", two);
  write("sub/server.json", {
    server: {},
    resources: { vm: { backend_class: "x:Y", config: { size: 2 } }, rag: { enabled: false } },
  });
  write("../secret.json", { vm: {} });
  write("list.json", []);
  write("wrong.json", { vm: 7 });
  if (hasLinks) {
    symlinkSync(join(outside, "secret.json"), join(folder, "link.json"));
    symlinkSync(join(folder, "two.json"), join(folder, "alias.json"));
  } else write("alias.json", two);

  it("are made one at a time, and a second time the same one is told", async () => {
    const { server } = await fakeSandbox();
    const init = { ...vm, init_config: { size: 3 } };
    const answer = await server.initResource(init);
    expect(answer).toMatchObject({
      code: 0,
      data: { resource_type: "vm", session_status: "active", error: null },
      meta: { tool: "init:resource" },
    });
    expect((await server.initResource(init)).data).toEqual(answer.data);
  });

  it("are made several at once, each told how it went", async () => {
    const { server, rag } = await fakeSandbox();
    rag.plans.initialize.push({ raises: true });
    const resource_configs = { vm: { content: { size: 1 } }, rag: {}, gpu: {} };
    const answer = await server.initBatch({ worker_id, resource_configs });
    expect([answer.code, httpStatusOf(answer)]).toEqual([5010, 207]);
    expect(answer.data).toMatchObject({
      worker_id,
      total: 3,
      success_count: 1,
      results: {
        vm: { status: "success", session_status: "active" },
        rag: { status: "error", session_id: null, session_status: "error", code: 4007 },
        gpu: { status: "error", code: 4002 },
      },
    });
  });

  it("are made from a file in the server's folder, with what is to be changed in it", async () => {
    const { server, backEnd, rag } = await fakeSandbox({ folder });
    const answer = await server.initFromConfig({
      worker_id,
      config_path: "alias.json",
      override_params: { vm: { content: { deep: { b: 2 } } } },
    });
    expect(answer).toMatchObject({ code: 0, data: { config_loaded: "alias.json", total: 2 } });
    expect(backEnd.seeds).toMatchObject([{ config: { size: 1, deep: { a: 1, b: 2 } } }]);
    expect(rag.seeds).toMatchObject([{ config: { top: 5 } }]);
  });

  it.each([
    [
      "two.json",
      { vm: { deep: { b: 2 } }, rag: { content: { top: 6 } } },
      { deep: { a: 1, b: 2 } },
    ],
    ["sub/server.json", { vm: { size: 3 } }, { size: 3 }],
    ["sub/server.json", { vm: { content: { size: 4 } } }, { size: 4 }],
    ["sub/server.json", { resources: { vm: { config: { size: 5 } } } }, { size: 5 }],
  ])(
    "are made from %s with what %j changes by type",
    async (config_path, override_params, config) => {
      const { server, backEnd, rag } = await fakeSandbox({ folder });
      const answer = await server.initFromConfig({ worker_id, config_path, override_params });
      expect(answer).toMatchObject({ code: 0 });
      expect(backEnd.seeds).toMatchObject([{ config }]);
      if ("rag" in override_params) expect(rag.seeds).toMatchObject([{ config: { top: 6 } }]);
    },
  );

  it("say so of an override that is for no resource type", async () => {
    const { server } = await fakeSandbox({ folder });
    const override_params = { gpu: { size: 3 } };
    const init = { worker_id, config_path: "sub/server.json", override_params };
    expect((await server.initFromConfig(init)).data).toMatchObject({
      results: { vm: { status: "success" }, gpu: { status: "error", code: 4002 } },
    });
  });

  it("are made from the resources of a server's config file, substituted", async () => {
    const substitute = (config: Record<string, unknown>) => ({ ...config, seen: true });
    const { server, backEnd, rag } = await fakeSandbox({ folder, substitute });
    const config_path = join(folder, "sub", "server.json");
    expect(await server.initFromConfig({ worker_id, config_path })).toMatchObject({ code: 0 });
    expect([backEnd.seeds, rag.seeds]).toMatchObject([[{ config: { size: 2 } }], []]);
  });

  const absolute = join(outside, "secret.json");
  const links = hasLinks ? ["link.json"] : [];
  const ways = ["../secret.json", "sub/../../secret.json", absolute, ".", "", "none.json", "a\0b"];
  for (const path of [...ways, ...links]) {
    it(`are not made from ${JSON.stringify(path.replace(outside, "…"))}`, async () => {
      const { server } = await fakeSandbox({ folder });
      const answer = await server.initFromConfig({ worker_id, config_path: path });
      expect(answer.code).toBe(4002);
      expect(answer.message).toMatch(/there is no such file in the server's folder$/);
    });
  }

  it("are not made from what is no config", async () => {
    const { server } = await fakeSandbox({ folder });
    const init = (config_path: string) => server.initFromConfig({ worker_id, config_path });
    expect(await init("list.json")).toMatchObject({
      code: 4002,
      message: "list.json: no JSON object",
    });
    expect((await init("wrong.json")).message).toBe("wrong.json: vm must be an object");
    expect((await init("sub")).code).toBe(4002);
    expect(dataOf(await server.listSessions({ worker_id })).count).toBe(0);
  });
});
