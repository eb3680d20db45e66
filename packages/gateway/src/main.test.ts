import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { execa } from "execa";
import { expect, it } from "vitest";
import { agentScript, readEvents, until } from "../test/gateways.js";
import { headersWith, useServed } from "../test/served.js";

const gateways = useServed();

// Windows has no SIGTERM: a process is ended there at once.
if (process.platform !== "win32") {
  it("SIGTERM lets what runs end, refuses what waits and what comes, and leaves with 0", async () => {
    const token = "a-token-for-this-test";
    const gateway = await gateways.serve(
      { agent: { max_concurrent: 1 } },
      { TR_GATEWAY_TOKEN: token },
    );
    const headers = headersWith(token);
    const ask = (wish: object) =>
      fetch(`${gateway.url}/chat/stream`, {
        ...{ method: "POST", headers },
        body: JSON.stringify({ question: JSON.stringify(wish) }),
      });
    const health = () => fetch(`${gateway.url}/health`, { headers });
    await until(async () => (await health()).status === 200);
    const running = readEvents(await ask({ events: 10, pause: 0.1 }));
    const waiting = readEvents(await ask({}));
    gateway.process.kill("SIGTERM");
    await until(() => /shutting down/.test(gateway.output()));
    const refused = await ask({});
    expect(refused.status).toBe(503);
    expect(await refused.json()).toMatchObject({ code: "SHUTTING_DOWN" });
    expect((await health()).status).toBe(503);
    expect((await waiting).slice(-2)).toMatchObject([
      { type: "error", code: "SHUTTING_DOWN" },
      { type: "completed", status: "error" },
    ]);
    const events = await running;
    expect(events[1]).toMatchObject({ type: "thinking", token: null }); // it is not the agent's
    expect(events).toHaveLength(12);
    expect(events.at(-1)).toMatchObject({ type: "completed", status: "completed" });
    expect(await gateway.process).toMatchObject({ exitCode: 0 });
    expect(gateway.output()).toMatch(
      / info \[session [\w-]{8}\] the agent has begun waitedMs=\d+\n/,
    );
    expect(gateway.output()).not.toContain(token);
    expect(readdirSync(gateway.workspace, { recursive: true }).join()).not.toMatch(/tr_session_/);
  });

  it("what does not end in time is stopped with an error; its finally runs", async () => {
    const gateway = await gateways.serve({ server: { drain_timeout: 0.3 } });
    const headers = headersWith(readFileSync(`${gateway.file}.token`, "utf8").trim());
    const mark = join(gateways.folder, "mark");
    const body = JSON.stringify({ question: JSON.stringify({ hangs: true, mark }) });
    const response = await fetch(`${gateway.url}/chat/stream`, { method: "POST", headers, body });
    const metrics = async () => (await fetch(`${gateway.url}/metrics`, { headers })).text();
    await until(async () => /first_event_seconds_count 1/.test(await metrics()));
    gateway.process.kill("SIGTERM");
    expect((await readEvents(response)).slice(-2)).toMatchObject([
      { type: "error", code: "SHUTTING_DOWN" },
      { type: "completed" },
    ]);
    expect(await gateway.process).toMatchObject({ exitCode: 0 });
    expect(readFileSync(mark, "utf8")).toBe("");
  });

  it("a token that nobody has given lies in a file for its owner alone, and stays", async () => {
    const first = await gateways.serve({});
    const token = readFileSync(`${first.file}.token`, "utf8").trim();
    expect(token).toMatch(/^[\w-]{43}$/);
    expect(statSync(`${first.file}.token`).mode & 0o777).toBe(0o600);
    first.process.kill("SIGINT");
    expect(await first.process).toMatchObject({ exitCode: 0 });
    expect(first.output()).not.toContain(token);
    const second = await gateways.serve({});
    const response = await fetch(`${second.url}/sessions`, { headers: headersWith(token) });
    expect(response.status).toBe(200);
    second.process.kill("SIGTERM");
    expect(await second.process).toMatchObject({ exitCode: 0 });
  });

  it("two that start at once agree on the token that one of them makes", async () => {
    const both = await Promise.all([gateways.serve({}), gateways.serve({})]);
    const token = readFileSync(`${both[0].file}.token`, "utf8").trim();
    for (const { url, process } of both) {
      const response = await fetch(`${url}/sessions`, { headers: headersWith(token) });
      expect(response.status).toBe(200);
      process.kill("SIGTERM");
    }
    expect(readdirSync(gateways.folder).filter((name) => /tmp/.test(name))).toEqual([]);
  });

  it("clients of the same user find it by a note as long as it runs, its token too", async () => {
    const state = join(gateways.folder, "state");
    const note = async (config: object, env: Record<string, string>) => {
      const gateway = await gateways.serve(config, { TR_STATE_DIR: state, ...env });
      const file = join(state, "servers", `${gateway.process.pid}.json`);
      await until(() => existsSync(file));
      const found = JSON.parse(readFileSync(file, "utf8"));
      expect(found).toMatchObject({ url: gateway.url, pid: gateway.process.pid });
      expect(found).toMatchObject({ config: gateway.file });
      gateway.process.kill("SIGTERM");
      expect(await gateway.process).toMatchObject({ exitCode: 0 });
      expect(existsSync(file)).toBe(false);
      expect(gateway.output()).not.toContain(found.token);
      return found;
    };
    const made = await note({}, {});
    expect(made.token).toBe(
      readFileSync(join(gateways.folder, "gateway.json.token"), "utf8").trim(),
    );
    expect(await note({}, { TR_GATEWAY_TOKEN: "a-token-for-this-test" })).toMatchObject({
      token: "a-token-for-this-test",
    });
    expect(await note({ server: { auth: "none" } }, {})).not.toHaveProperty("token");
  });

  it("one that cannot leave a note serves all the same, and says so", async () => {
    const state = join(gateways.folder, "no-folder");
    writeFileSync(state, "");
    const gateway = await gateways.serve({}, { TR_STATE_DIR: state });
    expect((await fetch(`${gateway.url}/health`)).status).toBe(401);
    await until(() => / warn no note of this server/.test(gateway.output()));
  });

  it("programs around it are told a link to the dashboard with the token", async () => {
    const { folder } = gateways;
    const file = join(folder, "gateway.json");
    writeFileSync(file, JSON.stringify({ agent: { script: agentScript } }));
    const program = `
      import { serve } from "@tr/gateway";
      const onListening = (at) => console.log(JSON.stringify(at));
      await serve(${JSON.stringify(file)}, { port: 0, log: { level: "silent" }, onListening });`;
    const running = execa(process.execPath, ["--input-type=module", "-e", program], {
      ...{ cwd: import.meta.dirname, env: { TR_WORKSPACE: join(folder, "workspace") } },
    });
    const [line] = await once(running.stdout, "data");
    const { url, tokenFile, dashboard } = JSON.parse(String(line));
    expect(dashboard).toBe(`${url}/#token=${readFileSync(tokenFile, "utf8").trim()}`);
    running.kill("SIGTERM");
    expect(await running).toMatchObject({ exitCode: 0 });
  });
}

it.each([
  ["a config file that is wrong", { server: { prot: 1 } }, /gateway\.json: server\.prot: /],
  ["an agent that cannot be imported", { agent: { script: "none.py" } }, /none\.py/],
  ["an address that is taken by nobody here", { server: { host: "192.0.2.1" } }, /EADDRNOTAVAIL/],
])("%s is said, and the exit code is 1", async (_, config, message) => {
  const { process, output } = await gateways.serve(config);
  expect(await process).toMatchObject({ exitCode: 1 });
  expect(output()).toMatch(message);
});
