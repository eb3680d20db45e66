import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, isAbsolute, join } from "node:path";
import { findPython } from "@tr/worker-py";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { bin, runTr } from "../test/tr.js";

const python = findPython({ script: import.meta.filename }).file;

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tr-serve-"));
  writeFileSync(
    join(folder, "agent.py"),
    `import time
from tech_renaissance import agent

@agent
class Echo:
    def __init__(self, config: dict) -> None:
        pass

    def stream_run(self, question: str):
        yield {"type": "thinking", "content": "…"}
        time.sleep(float(question))
        yield {"type": "answer", "content": question}
`,
  );
  const agent = { script: "agent.py", max_concurrent: 1 };
  // A port that is not to be had, so that --port is what counts.
  writeFileSync(join(folder, "tr.json"), JSON.stringify({ server: { port: 1 }, agent }));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const env = { TR_PYTHON: python, TR_GATEWAY_TOKEN: "" };
const tr = (args: readonly string[]) => runTr(args, { cwd: folder, env });

/** Runs until it has said where it listens. */
async function serving(args: readonly string[] = []) {
  const options = { cwd: folder, env: { ...env, TR_WORKSPACE: folder }, reject: false } as const;
  const command = [bin, "serve", "--config", "tr.json", "--port", "0", ...args];
  const child = execa(process.execPath, command, options);
  const stdout = await new Promise<string>((resolve) => {
    child.stdout.once("data", (chunk) => resolve(String(chunk)));
    void child.then(({ stderr }) => resolve(stderr));
  });
  return { child, stdout };
}

// Windows has no SIGTERM: a process is ended there at once.
if (process.platform !== "win32") {
  describe("tr serve", () => {
    it("prints the address and where the token is, and SIGTERM lets what runs end", async () => {
      const { child, stdout } = await serving();
      const [, url = "", file = ""] =
        /^listening at (http:\/\/127\.0\.0\.1:\d+)\ntoken in (.+)\n$/.exec(stdout) ?? [];
      expect([isAbsolute(file), basename(file)]).toEqual([true, "tr.json.token"]);
      const token = readFileSync(file, "utf8").trim();
      const response = await fetch(`${url}/chat/stream`, {
        method: "POST",
        headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
        body: JSON.stringify({ question: "0.3" }),
      });
      let events = "";
      for await (const text of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
        if (events === "" || !events.includes("thinking")) {
          events += text;
          if (events.includes("thinking")) child.kill("SIGTERM");
        } else events += text;
      }
      expect(events).toContain('"type":"answer"');
      const { exitCode, stderr } = await child;
      expect(exitCode).toBe(0);
      expect(stderr).toContain('"msg":"shutting down"');
      expect(stderr).not.toContain(token);
    });

    it("shows a link to the dashboard, signed in, on a terminal alone", async () => {
      // The other tests see all that goes into a pipe.
      const source = `import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
print(pid, flush=True)
while True:
    try:
        os.write(1, os.read(terminal, 65536))
    except OSError:
        break
sys.exit(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))`;
      const command = [process.execPath, bin, "serve", "--config", "tr.json", "--port", "0"];
      const options = {
        cwd: folder,
        env: { ...env, TR_WORKSPACE: folder },
        reject: false,
      } as const;
      const child = execa(python, ["-c", source, ...command], options);
      let shown = "";
      const link = await new Promise<string>((resolve) => {
        child.stdout.on("data", (chunk) => {
          shown += chunk;
          const found = /^dashboard: (\S+)\r\n/m.exec(shown)?.[1];
          if (found !== undefined) resolve(found);
        });
        void child.then(({ stderr }) => resolve(`${shown}${stderr}`));
      });
      const token = readFileSync(join(folder, "tr.json.token"), "utf8").trim();
      expect(link).toMatch(/^http:\/\/127\.0\.0\.1:\d+\/#token=/);
      expect(new URL(link).hash).toBe(`#token=${token}`);
      expect((await fetch(link)).status).toBe(200);
      process.kill(Number.parseInt(shown, 10), "SIGTERM");
      expect((await child).exitCode).toBe(0);
      expect(shown.split(token)).toHaveLength(2);
    });

    it("--json prints them for programs, --host listens elsewhere; Ctrl-C is an end in order", async () => {
      const { child, stdout } = await serving(["--json", "--host", "localhost"]);
      expect(JSON.parse(stdout)).toEqual({
        url: expect.stringMatching(/^http:\/\/localhost:\d+$/),
        tokenFile: expect.stringMatching(/tr\.json\.token$/),
      });
      child.kill("SIGINT");
      const ended = await child;
      expect([ended.exitCode, ended.stdout]).toEqual([0, stdout.trimEnd()]);
    });
  });
}

describe("tr serve fails with the reason", () => {
  it("for a config file that is wrong or missing", async () => {
    writeFileSync(join(folder, "wrong.json"), '{"server": {"prot": 1}}');
    const wrong = await tr(["serve", "--config", "wrong.json", "--json"]);
    expect(wrong.exitCode).toBe(1);
    expect(wrong.stderr).toBe(
      "tr: wrong.json: server.prot: there is no such key; remarks begin with _",
    );
    expect(JSON.parse(wrong.stdout)).toMatchObject({ error: { code: "TR_INVALID_ARGUMENT" } });
    const none = await tr(["serve", "--config", "none.json"]);
    expect([none.exitCode, none.stdout]).toEqual([1, ""]);
    expect(none.stderr).toContain("none.json");
  });

  it("for a port that is taken", async () => {
    const taken = createServer();
    await new Promise<void>((resolve) => taken.listen(0, "127.0.0.1", resolve));
    const { port } = taken.address() as { port: number };
    const { exitCode, stderr } = await tr(["serve", "--config", "tr.json", "--port", String(port)]);
    taken.close();
    expect(exitCode).toBe(1);
    expect(stderr.split("\n").at(-1)).toMatch(/^tr: .*EADDRINUSE/);
  });

  it("for an agent that cannot be imported", async () => {
    writeFileSync(join(folder, "agent.py"), "import no_such_module\n");
    const { exitCode, stderr } = await tr(["serve", "--config", "tr.json", "--port", "0"]);
    expect(exitCode).toBe(1);
    expect(stderr).toContain("No module named 'no_such_module'");
  });
});
