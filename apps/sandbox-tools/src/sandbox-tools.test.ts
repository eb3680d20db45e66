import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { Sandbox } from "@tr/sandbox";
import { createSandbox } from "@tr/sandbox/server";
import type { Tensor } from "@tr/tsr-codec";
import { execa } from "execa";
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import { findChromium } from "../test/chromium.js";
import type { CodeResult, Hit, Page, Picture, ShellResult } from "./tools.js";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const config = here("../sandbox.json");
const hasChromium = findChromium() !== undefined;
const clients: Sandbox[] = [];
let out: string;
let server: Sandbox;

beforeAll(async () => {
  vi.stubEnv("SANDBOX_TOOLS_PORT", "0");
  vi.stubEnv("TR_GATEWAY_TOKEN", "token-of-these-tests");
  out = mkdtempSync(join(tmpdir(), "tr-sandbox-tools-"));
  server = new Sandbox({ config });
  await server.start();
});
afterEach(async () => {
  await Promise.all(clients.splice(0).map((each) => each.close({ destroySessions: true })));
});
afterAll(async () => {
  await server?.shutdownServer();
  rmSync(out, { recursive: true, force: true });
});

function client(): Sandbox {
  const made = new Sandbox({ config });
  clients.push(made);
  return made;
}

const failure = (of: Promise<unknown>) =>
  of.then(
    () => expect.unreachable(),
    (error) => error,
  );

/** False also for one that has ended and was not waited for. */
function lives(pid: number): boolean {
  try {
    process.kill(pid, 0);
  } catch {
    return false;
  }
  const stat = `/proc/${pid}/stat`;
  return !existsSync(stat) || !/\) [ZX]/.test(readFileSync(stat, "utf8"));
}

it("each tool says what it takes", async () => {
  const { tools } = await server.tools();
  expect(tools.map(({ fullName }) => fullName).sort()).toEqual([
    ...["bash:run", "browser:click", "browser:fill", "browser:open", "browser:screenshot"],
    ...["browser:text", "code:run", "rag:add", "rag:embed", "rag:search", "rag:search_vector"],
  ]);
  for (const { fullName, description, parameters } of tools) {
    expect(description, fullName).not.toBe("");
    const properties = Object.entries(Object(parameters.properties) as object);
    for (const [name, schema] of properties) {
      expect(schema, `${fullName} ${name}`).toHaveProperty("description");
    }
  }
});

// Neither has a way to be interrupted there.
if (process.platform !== "win32") {
  describe("bash", () => {
    const shell = async (of: Sandbox, command: string, options?: { timeoutMs: number }) =>
      (await of.execute<ShellResult>("bash:run", { command }, options)).data;

    it("keeps a session's shell, and has another for each other session and for a single call", async () => {
      const [one, other] = [client(), client()];
      await Promise.all([one.createSession("bash"), other.createSession("bash")]);
      await Promise.all([shell(one, "cd /; word=one"), shell(other, "word=other")]);
      const { stdout } = await shell(one, "pwd; echo $word");
      expect(stdout).toBe("/\none\n");
      expect((await shell(other, "echo $word")).stdout).toBe("other\n");
      expect((await shell(client(), "echo [$word]")).stdout).toBe("[]\n");
    });

    it("goes on after a command that the server has stopped", async () => {
      const sandbox = client();
      await sandbox.createSession("bash");
      await shell(sandbox, "word=kept");
      const error = await failure(shell(sandbox, "sleep 1000", { timeoutMs: 200 }));
      expect(error).toMatchObject({ code: "TR_TOOL_ERROR", toolCode: 5006 });
      expect((await shell(sandbox, "pgrep -s 0 -x sleep; echo $word")).stdout).toBe("kept\n");
    });

    it("goes on after a command whose caller has gone", async () => {
      const sandbox = client();
      await sandbox.createSession("bash");
      const { stdout } = await shell(sandbox, "mkfifo begun; pwd");
      const leave = new AbortController();
      const { signal } = leave;
      const command = "sleep 1000 & echo $! >begun; wait";
      const call = failure(sandbox.execute("bash:run", { command }, { signal }));
      const pid = Number((await execa("cat", [join(stdout.trim(), "begun")])).stdout);
      leave.abort();
      expect(await call).toMatchObject({ code: "TR_CANCELLED" });
      await expect.poll(() => lives(pid), { timeout: 10_000 }).toBe(false);
      expect((await shell(sandbox, "echo there")).stdout).toBe("there\n");
    });

    it("leaves nothing when its session is destroyed, and when its client goes", async () => {
      const sandbox = client();
      const command = "sleep 1000 & echo $! $$; (setsid sleep 1000 & echo $!)";
      for (const end of [() => sandbox.destroySession("bash"), () => sandbox.disconnect()]) {
        await sandbox.createSession("bash");
        const { stdout } = await shell(sandbox, command);
        const pids = stdout.trim().split(/\s+/).map(Number);
        expect(pids).toHaveLength(3);
        await end();
        expect(pids.filter(lives)).toEqual([]);
      }
    });
  });

  describe("code", () => {
    const run = async (of: Sandbox, code: string, options?: { timeoutMs: number }) =>
      (await of.execute<CodeResult>("code:run", { code }, options)).data;

    it("keeps variables, gives values, figures, and the code's own tracebacks", async () => {
      const sandbox = client();
      await sandbox.createSession("code");
      await run(sandbox, "x = [1, 2]");
      expect((await run(sandbox, "{'x': x}")).value?.json).toEqual({ x: [1, 2] });
      const drawn = await run(sandbox, "import matplotlib.pyplot as plt; plt.plot(x); None");
      expect(drawn.figures[0]).toMatchObject({ width: 640, height: 480 });
      expect(drawn.figures[0]?.png).toMatch(/^iVBORw0KGgo/);
      expect((await run(sandbox, "x +")).error?.type).toBe("SyntaxError");
    });

    it("goes on with its variables after a loop that the server has stopped", async () => {
      const sandbox = client();
      await sandbox.createSession("code");
      await run(sandbox, "x = 1");
      const error = await failure(run(sandbox, "x = 2\nwhile True: pass", { timeoutMs: 300 }));
      expect(error).toMatchObject({ code: "TR_TOOL_ERROR", toolCode: 5006 });
      expect((await run(sandbox, "x")).value?.json).toBe(2);
    });
  });
}

describe("rag", () => {
  it("exchanges vectors as tensors", async () => {
    const sandbox = client();
    const texts = ["cancel a call", "publish a release"];
    const { data: vectors } = await sandbox.execute<Tensor<"float32">>("rag:embed", { texts });
    expect(vectors).toMatchObject({ dtype: "float32", shape: [2, 4096] });
    const data = vectors.data.slice(4096);
    const vector = { dtype: "float32", shape: [4096], data };
    const nearest = await sandbox.execute<{ hits: Hit[] }>("rag:search_vector", { vector });
    const found = await sandbox.execute<{ hits: Hit[] }>("rag:search", { query: texts[1] });
    expect(nearest.data).toEqual(found.data);
    expect(found.data.hits[0]?.source).toBe("releasing.md");
  });

  it("says what is wrong with a vector", async () => {
    const short = { dtype: "float32", shape: [2], data: new Float32Array(2) };
    for (const [vector, toolCode] of [
      [short, 4000],
      ["text", 4004],
    ] as const) {
      const error = await failure(client().execute("rag:search_vector", { vector }));
      expect(error).toMatchObject({ code: "TR_TOOL_ERROR", toolCode });
      expect(error.message).toContain("vector");
    }
  });

  it("finds a session's own documents, as long as it lives", async () => {
    const sandbox = client();
    const search = async () => {
      const query = "quagga stripes";
      const { data } = await sandbox.execute<{ hits: Hit[] }>("rag:search", { query, k: 1 });
      return data.hits[0]?.source;
    };
    await sandbox.createSession("rag");
    await sandbox.execute("rag:add", { source: "zoo.md", text: "# Quaggas\n\nHalf have stripes." });
    expect(await search()).toBe("zoo.md");
    await sandbox.destroySession("rag");
    expect(await search()).not.toBe("zoo.md");
  });
});

describe("browser", () => {
  it("says what is missing where there is no Chromium", async () => {
    const log = { debug() {}, info() {}, warn() {}, error() {} };
    const sandbox = createSandbox(
      {
        folder: here(".."),
        resources: {
          browser: {
            backendClass: "sandbox_tools.browser_backend:BrowserBackend",
            config: { executable: "/no/such" },
          },
        },
      },
      { log },
    );
    try {
      await sandbox.start();
      const params = { url: "about:blank" };
      const call = { worker_id: "me", action: "browser:open", params };
      const { code, message } = await sandbox.execute(call);
      expect(code).toBe(5011);
      expect(message).toContain("/no/such is no program; correct CHROMIUM or config.executable");
    } finally {
      await sandbox.close();
    }
  });

  if (hasChromium) {
    let site: Server;
    let url: string;
    beforeAll(async () => {
      site = createServer(({ headers, url }, response) => {
        if (url === "/never") return;
        const body = `<title>Cookies</title>${headers.cookie ?? "none"}`;
        response.setHeader("content-type", "text/html");
        response.setHeader("set-cookie", "visitor=1").end(body);
      });
      await new Promise<void>((resolve) => site.listen(0, "127.0.0.1", resolve));
      url = `http://127.0.0.1:${(site.address() as AddressInfo).port}/`;
    });
    afterAll(() => {
      site.close();
      site.closeAllConnections();
    });

    it("gives each session cookies of its own", async () => {
      const [one, other] = [client(), client()];
      await Promise.all([one.createSession("browser"), other.createSession("browser")]);
      const read = async (of: Sandbox) => {
        await of.execute<Page>("browser:open", { url });
        return (await of.execute<{ text: string }>("browser:text")).data.text;
      };
      expect(await Promise.all([read(one), read(other)])).toEqual(["none", "none"]);
      expect(await read(one)).toBe("visitor=1");
      const { data } = await other.execute<Picture & Page>("browser:screenshot");
      expect(data).toMatchObject({ width: 1280, alt: "Screenshot of Cookies", url });
    });

    it("goes on after a page that the server has given up", async () => {
      const sandbox = client();
      await sandbox.createSession("browser");
      const open = (path: string, options?: { timeoutMs: number }) =>
        sandbox.execute<Page>("browser:open", { url: `${url}${path}` }, options);
      const error = await failure(open("never", { timeoutMs: 300 }));
      expect(error).toMatchObject({ code: "TR_TOOL_ERROR", toolCode: 5006 });
      expect((await open("")).data.title).toBe("Cookies");
    });
  }
});

if (process.platform !== "win32" && hasChromium) {
  it("the program uses all four to write a report", async () => {
    const question = "How do I stop a call that takes too long?";
    const args = [here("../dist/main.js"), "--out", out, question];
    const { stdout } = await execa(process.execPath, args);
    expect(stdout).toContain("a server was there\n");
    expect(stdout).toMatch(/^ {2}0\.\d\d long-work\.md: Long work/m);
    expect(stdout).toContain("float32 [1,4096], finds the same\n");
    expect(stdout).toMatch(/^ +\d+ session$/m);
    expect(stdout).toContain("a picture of 860 × 300: Figure: The most frequent words");
    expect(readFileSync(join(out, "report.html"), "utf8")).toContain("long-work.md, 0.");
    const png = readFileSync(join(out, "report.png"));
    expect(png.subarray(1, 4).toString()).toBe("PNG");
    expect(png.readUInt32BE(16)).toBe(920);
    expect((await server.ready()).totalSessions).toBe(0);
  });
}
