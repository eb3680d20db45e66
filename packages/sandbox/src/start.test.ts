import { once } from "node:events";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  statSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type PageServer, servePage } from "../test/page-server.mjs";
import type { SandboxOptions } from "./options.js";
import { Sandbox } from "./sandbox.js";
import { isAlive, noteServer } from "./server-notes.js";

/** On a busy machine, too. */
const soon = <T>(ask: () => T) => expect.poll(ask, { timeout: 20_000 });

let folder = "";
const clients: Sandbox[] = [];
const pages: PageServer[] = [];

beforeEach(() => {
  folder = realpathSync(mkdtempSync(join(tmpdir(), "tr-start-"))); // macOS has links there
  vi.stubEnv("TR_STATE_DIR", join(folder, "state"));
  vi.stubEnv("TR_GATEWAY_TOKEN", undefined);
});
afterEach(async () => {
  vi.unstubAllEnvs();
  await Promise.all(clients.splice(0).map((client) => client.close()));
  await Promise.allSettled(pages.splice(0).map((page) => page.close()));
  // They outlive programs on purpose, and so would they a test that has failed.
  const servers = join(folder, "state", "servers");
  for (const name of existsSync(servers) ? readdirSync(servers) : []) {
    const pid = Number.parseInt(name, 10);
    if (pid !== process.pid && isAlive(pid)) process.kill(pid, "SIGKILL");
  }
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});

const program = fileURLToPath(new URL("../test/page-server.mjs", import.meta.url));
const failure = (of: Promise<unknown>) =>
  of.then(
    () => expect.unreachable(),
    (error) => error,
  );

function client(options: SandboxOptions): Sandbox {
  const made = new Sandbox(options);
  clients.push(made);
  return made;
}

async function serving(options?: Parameters<typeof servePage>[0]): Promise<PageServer> {
  const page = await servePage(options);
  pages.push(page);
  return page;
}

/** A port that nobody listens at. */
async function freePort(): Promise<number> {
  const page = await servePage();
  await page.close();
  return page.port;
}

/** The command of a server of its own at that port. */
function command(options: object): [string, ...string[]] {
  return [process.execPath, program, JSON.stringify(options)];
}

/** As it stands in a config file. */
const variable = (text: string) => `\${${text}}`;

function writeConfig(server: object): string {
  const file = join(folder, "sandbox.json");
  writeFileSync(file, JSON.stringify({ server }));
  return file;
}

describe("start", () => {
  it("of a server that is there starts none", async () => {
    const { url } = await serving();
    const sandbox = client({ serverUrl: url, serverCommand: ["no-such-program"] });
    await sandbox.start();
    expect(sandbox.url).toBe(url);
  });

  it("waits for one that still starts", async () => {
    const page = await serving();
    page.state.isReady = false;
    const started = client({ serverUrl: page.url }).start();
    await soon(() => page.received.length).toBeGreaterThan(1);
    page.state.isReady = true;
    await started;
  });

  it("waits for the end of one that is ending, and starts another", async () => {
    const page = await serving();
    page.state.isReady = false;
    const sandbox = client({ serverUrl: page.url, serverCommand: command({ port: page.port }) });
    const started = sandbox.start();
    await soon(() => page.received.length).toBeGreaterThan(1);
    await page.close();
    await started;
    await sandbox.shutdownServer();
  });

  it("starts one that outlives the program and its terminal, and any client ends it", async () => {
    const port = await freePort();
    const serverUrl = `http://127.0.0.1:${port}`;
    const script = `
      import { Sandbox } from ${JSON.stringify(new URL("../dist/index.js", import.meta.url).href)};
      const sandbox = new Sandbox(${JSON.stringify({ serverUrl, serverCommand: command({ port }) })});
      await sandbox.start();
      await sandbox.createSession("demo");`;
    const file = join(folder, "program.mjs");
    writeFileSync(file, script);
    // It ends by itself: neither the server nor the heartbeat of a session holds it.
    await execa(process.execPath, [file], { timeout: 30_000 });
    const other = client({ serverUrl });
    await other.start();
    expect(await other.shutdownServer()).toEqual({ message: "bye", sessionsCleaned: 1 });
    const logs = join(folder, "state", "logs");
    const [log = ""] = readdirSync(logs);
    expect(readFileSync(join(logs, log), "utf8")).toContain(`listening at ${serverUrl}`);
    if (process.platform !== "win32") expect(statSync(join(logs, log)).mode & 0o777).toBe(0o600);
    expect(await failure(other.tools())).toMatchObject({ code: "TR_SANDBOX_UNREACHABLE" });
  });

  if (process.platform !== "win32") {
    it("starts one that Ctrl-C in the program's terminal does not reach", async () => {
      const port = await freePort();
      const serverUrl = `http://127.0.0.1:${port}`;
      const module = new URL("../dist/index.js", import.meta.url).href;
      const options = { serverUrl, serverCommand: command({ port }) };
      const script = `
        import { Sandbox } from ${JSON.stringify(module)};
        await new Sandbox(${JSON.stringify(options)}).start();
        console.log("started");
        setInterval(() => {}, 1000);`;
      const args = ["--input-type=module", "--eval", script];
      // A group of its own, as a terminal makes one for each command.
      const running = execa(process.execPath, args, { detached: true, reject: false });
      await once(running.stdout, "data");
      process.kill(-(running.pid ?? 0), "SIGINT");
      expect(await running).toMatchObject({ signal: "SIGINT" });
      const other = client({ serverUrl });
      expect(await other.ready()).toMatchObject({ status: "ready" });
      await other.shutdownServer();
    });
  }

  it("by two at once ends with one server, which both use", async () => {
    const port = await freePort();
    const serverUrl = `http://127.0.0.1:${port}`;
    const [one, two] = [0, 0].map(() => client({ serverUrl, serverCommand: command({ port }) }));
    await Promise.all([one?.start(), two?.start()]);
    await one?.createSession("demo");
    expect(await two?.ready()).toMatchObject({ totalSessions: 1 });
    await two?.shutdownServer();
  });

  it("by two at once leaves nothing of the slower one, which would find the port free later", async () => {
    const port = await freePort();
    const serverUrl = `http://127.0.0.1:${port}`;
    const pidFile = join(folder, "pid");
    const serverCommand = command({ port, pidFile, delayMs: 60_000 });
    const slow = client({ serverUrl, serverCommand }).start();
    await soon(() => existsSync(pidFile) && readFileSync(pidFile, "utf8") !== "").toBe(true);
    const fast = client({ serverUrl, serverCommand: command({ port }) });
    await Promise.all([slow, fast.start()]);
    expect(isAlive(Number(readFileSync(pidFile, "utf8")))).toBe(false);
    await fast.shutdownServer();
  });

  it("gives the server the client's token", async () => {
    const port = await freePort();
    const serverUrl = `http://127.0.0.1:${port}`;
    const serverCommand = command({ port, token: true });
    const sandbox = client({ serverUrl, serverCommand, token: "a-token-of-the-client" });
    await sandbox.start();
    expect(await failure(client({ serverUrl }).start())).toMatchObject({
      ...{ code: "TR_SANDBOX_UNREACHABLE", status: 401 },
    });
    await sandbox.shutdownServer();
  });

  it("that fails gives the end of the log and the exit code", async () => {
    const serverUrl = `http://127.0.0.1:${await freePort()}`;
    const serverCommand = [process.execPath, "-e", "console.error('no luck'); process.exit(3)"];
    const error = await failure(
      client({ serverUrl, serverCommand: serverCommand as never }).start(),
    );
    expect(error).toMatchObject({
      code: "TR_SANDBOX_START_FAILED",
      logTail: "no luck",
      exitCode: 3,
    });
    expect(error.message).toMatch(/exit code 3.*\n.*no luck/);
    expect(readFileSync(error.logFile, "utf8")).toBe("no luck\n");
  });

  it("that has no place for its log says what to do", async () => {
    writeFileSync(join(folder, "file"), "");
    vi.stubEnv("TR_STATE_DIR", join(folder, "file", "state"));
    const port = await freePort();
    const serverUrl = `http://127.0.0.1:${port}`;
    const error = await failure(client({ serverUrl, serverCommand: command({ port }) }).start());
    expect(error).toMatchObject({ code: "TR_SANDBOX_START_FAILED", logTail: "" });
    expect(error.message).toMatch(/set TR_STATE_DIR to a folder that can be made/);
  });

  it("of a program that is not there says so", async () => {
    const serverUrl = `http://127.0.0.1:${await freePort()}`;
    const error = await failure(client({ serverUrl, serverCommand: ["no-such-program"] }).start());
    expect(error).toMatchObject({ code: "TR_SANDBOX_START_FAILED", cause: { code: "ENOENT" } });
    expect(error.message).toMatch(/no-such-program.*serverCommand/);
  });

  /** A program in a folder of its own: what is installed for the tests is not found from there. */
  async function startElsewhere(config: string) {
    const [home, cwd] = ["program", "cwd"].map((name) => join(folder, name)) as [string, string];
    for (const each of [home, cwd]) mkdirSync(each, { recursive: true });
    const module = new URL("../dist/index.js", import.meta.url).href;
    const source = `
      import { Sandbox } from ${JSON.stringify(module)};
      const sandbox = new Sandbox({ config: ${JSON.stringify(config)} });
      await sandbox.start().catch(({ code, message, logTail, exitCode }) => {
        console.log(JSON.stringify({ code, message, logTail, exitCode }));
      });`;
    writeFileSync(join(home, "main.mjs"), source);
    const env = { NODE_PATH: "" };
    const { stdout } = await execa(process.execPath, [join(home, "main.mjs")], { cwd, env });
    return stdout === "" ? undefined : JSON.parse(stdout);
  }

  /** A config file in a folder of its own. */
  function configElsewhere(port: number): string {
    mkdirSync(join(folder, "config"));
    const config = join(folder, "config", "sandbox.json");
    writeFileSync(config, JSON.stringify({ server: { port } }));
    return config;
  }

  function installGateway(place: string, body: string): void {
    const gateway = join(folder, place, "node_modules", "@tr", "gateway");
    mkdirSync(gateway, { recursive: true });
    const manifest = { name: "@tr/gateway", type: "module", exports: { default: "./index.js" } };
    writeFileSync(join(gateway, "package.json"), JSON.stringify(manifest));
    const page = new URL("../test/page-server.mjs", import.meta.url).href;
    const serve = `export async function serve(file, { log }) { ${body} }`;
    const source = `import { servePage } from ${JSON.stringify(page)};\n${serve}`;
    writeFileSync(join(gateway, "index.js"), source);
  }

  it("where @tr/gateway is not installed says how to have it", async () => {
    const error = await startElsewhere(configElsewhere(await freePort()));
    expect(error).toMatchObject({ code: "TR_SANDBOX_START_FAILED", logTail: "" });
    expect(error.message).toMatch(/@tr\/gateway is not installed .*`pnpm add @tr\/gateway`/);
    for (const place of ["program", "cwd", "config"]) {
      expect(error.message).toContain(join(folder, place));
    }
  });

  it.each(["program", "cwd", "config"])(
    "takes the @tr/gateway that is installed for the folder of the %s; its error is in the log",
    async (place) => {
      const config = configElsewhere(await freePort());
      installGateway(
        place,
        "throw Object.assign(new Error(file + log.format), { code: 'TR_NO' });",
      );
      const error = await startElsewhere(config);
      expect(error).toMatchObject({ logTail: `TR_NO: ${config}pretty`, exitCode: 1 });
    },
  );

  it("serves the config file with it", async () => {
    const port = await freePort();
    const config = configElsewhere(port);
    installGateway("program", `await servePage({ port: ${port} });`);
    expect(await startElsewhere(config)).toBeUndefined();
    await client({ config }).shutdownServer();
  });

  it("that is not ready in time stops what it has started", async () => {
    const port = await freePort();
    const serverUrl = `http://127.0.0.1:${port}`;
    const sandbox = client({ serverUrl, serverCommand: command({ port, isReady: false }) });
    const error = await failure(sandbox.start({ timeoutMs: 1500 }));
    expect(error).toMatchObject({ code: "TR_SANDBOX_START_FAILED" });
    expect(error.message).toMatch(/not ready within 1500 ms and was stopped/);
    expect(await failure(sandbox.tools())).toMatchObject({ mayHaveRun: false });
  });

  it("can be aborted, which stops what it has started", async () => {
    const port = await freePort();
    const serverUrl = `http://127.0.0.1:${port}`;
    const sandbox = client({ serverUrl, serverCommand: command({ port, isReady: false }) });
    const aborting = new AbortController();
    const started = failure(sandbox.start({ signal: aborting.signal }));
    const isListening = () =>
      fetch(serverUrl).then(
        () => true,
        () => false,
      );
    await soon(isListening).toBe(true);
    aborting.abort();
    expect(await started).toMatchObject({ code: "TR_CANCELLED" });
    expect(await isListening()).toBe(false);
  });

  it("without a config file or a command asks for one", async () => {
    const serverUrl = `http://127.0.0.1:${await freePort()}`;
    const error = await failure(client({ serverUrl }).start());
    expect(error).toMatchObject({ code: "TR_SANDBOX_UNREACHABLE", url: serverUrl });
    expect(error.message).toMatch(/option config or serverCommand/);
  });

  it("does not take another program for the server", async () => {
    const page = await serving();
    page.state.nextAnswer = [404, { status: "error", code: "NOT_FOUND", message: "no /ready" }];
    const error = await failure(client({ serverUrl: page.url, serverCommand: ["none"] }).start());
    expect(error).toMatchObject({ code: "TR_SANDBOX_UNREACHABLE", status: 404 });
  });
});

describe("the server of a config file", () => {
  it.each([
    [{ url: "http://127.0.0.1:18999" }, "http://127.0.0.1:18999"],
    [{ host: "::1", port: 5 }, "http://[::1]:5"],
    [{ host: "0.0.0.0", port: variable("PORT") }, "http://127.0.0.1:77"],
    [{ port: variable("NO_PORT:-78") }, "http://127.0.0.1:78"],
    [{}, "http://127.0.0.1:18890"],
    [{ port: 0 }, undefined],
  ])("that says %j is at %s", (server, url) => {
    vi.stubEnv("PORT", "77");
    expect(client({ config: writeConfig(server) }).url).toBe(url);
  });

  it("is where it has noted itself to be", async () => {
    const config = writeConfig({ port: 0 });
    const { url, port } = await serving();
    const sandbox = client({ config });
    expect(await failure(sandbox.tools())).toMatchObject({ code: "TR_SANDBOX_UNREACHABLE" });
    const takeBack = noteServer({ url: `http://0.0.0.0:${port}`, pid: process.pid, config });
    expect((await sandbox.tools()).count).toBe(1);
    expect(sandbox.url).toBe(url);
    takeBack();
  });

  it("that cannot be read is an error that names it", () => {
    writeFileSync(join(folder, "broken.json"), "{");
    for (const name of ["none.json", "broken.json"]) {
      const sandbox = client({ config: join(folder, name) });
      expect(() => sandbox.url).toThrow(name);
    }
  });
});

describe("the token", () => {
  const token = "the-token-of-this-server";
  const noted = (page: PageServer, more: object = {}) =>
    noteServer({ url: page.url, pid: process.pid, token, ...more });
  const isLetIn = (sandbox: Sandbox) =>
    sandbox.tools().then(
      () => true,
      (error) => (error.status === 401 ? false : Promise.reject(error)),
    );

  it("is the option's, else the variable's, else that of the server's note, else that beside the config file", async () => {
    const page = await serving({ token });
    const serverUrl = page.url;
    const config = writeConfig({ port: page.port });
    expect(await isLetIn(client({ serverUrl }))).toBe(false);
    expect(await isLetIn(client({ serverUrl, token }))).toBe(true);
    expect(await isLetIn(client({ serverUrl, token: "another-token-of-a-client" }))).toBe(false);

    vi.stubEnv("TR_GATEWAY_TOKEN", token);
    expect(await isLetIn(client({ serverUrl }))).toBe(true);
    expect(await isLetIn(client({ serverUrl, token: "another-token-of-a-client" }))).toBe(false);
    vi.stubEnv("TR_GATEWAY_TOKEN", undefined);

    expect(await isLetIn(client({ config }))).toBe(false);
    writeFileSync(`${config}.token`, `${token}\n`, { mode: 0o600 });
    expect(await isLetIn(client({ config }))).toBe(true);
    rmSync(`${config}.token`);

    const takeBack = noted(page);
    expect(await isLetIn(client({ serverUrl }))).toBe(true);
    expect(await isLetIn(client({ serverUrl: serverUrl.replace("127.0.0.1", "localhost") }))).toBe(
      true,
    );
    takeBack();
    noted(page, { config });
    expect(await isLetIn(client({ config }))).toBe(true);
    vi.stubEnv("TR_GATEWAY_TOKEN", "another-token-of-a-client");
    expect(await isLetIn(client({ config }))).toBe(false);
  });

  if (process.platform !== "win32") {
    it("is not taken from a file that others can read", async () => {
      const page = await serving({ token });
      const config = writeConfig({ port: page.port });
      writeFileSync(`${config}.token`, token, { mode: 0o644 });
      expect(await isLetIn(client({ config }))).toBe(false);
    });
  }

  it("of a server that was started anew is found anew", async () => {
    const page = await serving({ token });
    const takeBack = noted(page);
    const sandbox = client({ serverUrl: page.url });
    expect(await isLetIn(sandbox)).toBe(true);
    takeBack();
    page.state.token = "its-token-after-a-restart";
    expect(await isLetIn(sandbox)).toBe(false);
    noted(page, { token: page.state.token });
    expect(await isLetIn(sandbox)).toBe(true);
  });
});
