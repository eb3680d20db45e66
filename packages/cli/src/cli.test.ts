import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findPython } from "@tr/worker-py";
import { execa } from "execa";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { bin, manifest, runTr } from "../test/tr.js";

const python = findPython({ script: import.meta.filename }).file;

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "tr-cli-"));
  write("server.py", server);
  write("main_logic.py", "from tech_renaissance import TechRenaissanceServer\n");
  write("broken.py", "import no_such_module\n");
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function write(name: string, text: string): string {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
}

const tr = (args: readonly string[], env: Record<string, string> = {}) =>
  runTr(args, { cwd: folder, env: { TR_PYTHON: python, ...env } });

const server = `import time
import numpy as np
from tech_renaissance import command, serve

@command
def add(a: float, b: float = 1) -> float:
    """Adds."""
    print("adding")
    return a + b

@command
def kinds(*values):
    return [type(value).__name__ for value in values]

@command
def give(what: str):
    return {
        "text": "two\\nwords",
        "json": {"a": [1, None, True]},
        "tensor": np.array([[1.5, 2], [3, 4]], np.float32),
        "both": {"x": np.array([1, 2], np.int32), "y": [float("nan"), 2**70]},
    }[what]

@command
def letters(word: str):
    try:
        for letter in word:
            yield {"letter": letter}
            if letter == "!":
                print("waiting", flush=True)
                time.sleep(60)
    finally:
        print("tidied up", flush=True)

@command
def divide(a: float, b: float) -> float:
    return a / b

@command
def sleep(seconds: float) -> None:
    print("asleep", flush=True)
    time.sleep(seconds)

if __name__ == "__main__":
    serve()
`;

describe("the package", () => {
  it("gives a program tr and nothing to import", () => {
    expect(manifest.bin).toEqual({ tr: "./dist/main.js" });
    expect(manifest.exports).toEqual({ "./package.json": "./package.json" });
    expect(readFileSync(bin, "utf8")).toMatch(/^#!\/usr\/bin\/env node\n/);
  });
});

describe("tr", () => {
  it.each([[[]], [["help"]], [["--help"]], [["run", "--help"]]])(
    "%j explains itself",
    async (args) => {
      const { stdout, stderr, exitCode } = await tr(args);
      expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
      for (const command of ["types", "run", "doctor", "info", "convert", "serve"]) {
        expect(stdout).toContain(`  tr ${command} `);
      }
      for (const code of [0, 1, 2, 130, 143])
        expect(stdout).toMatch(new RegExp(`^ +${code} `, "m"));
    },
  );

  it("tells its version", async () => {
    expect((await tr(["--version"])).stdout).toBe(manifest.version);
  });

  it.each([
    [["frobnicate"], 'no command "frobnicate"'],
    [["constructor"], 'no command "constructor"'],
    [["types"], "takes one script"],
    [["types", "server.py", "--check"], "--check needs -o"],
    [["run", "server.py"], "a script and a command"],
    [["run", "server.py", "add", "--kwarg", "b"], "--kwarg: expected name=value"],
    [["run", "server.py", "add", "--timeout-ms", "0"], "--timeout-ms"],
    [["run", "server.py", "add", "--nonsense"], "--nonsense"],
    [["doctor", "a.py", "b.py"], "one script at most"],
    [["info"], "one file or more"],
    [["info", "--python", "python3", "a.npy"], "--python"],
    [["convert", "a.npy"], "an input and an output"],
    [["convert", "a.npy", "b.tsr", "c.tsr"], "an input and an output"],
    [["convert", "a.npy", "b.tsr", "--to", "zip"], "--to: expected tsr, npy, safetensors"],
    [["serve"], "--config <file>"],
    [["serve", "--config", "a.json", "--port", "70000"], "--port: expected 0 to 65535"],
  ])("%j makes no sense: said with exit code 2", async (args, message) => {
    const { stdout, stderr, exitCode } = await tr(args);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 2 });
    expect(stderr).toContain(message);
    expect(stderr).toContain("See: tr help");
    expect(stderr).not.toContain("    at ");
  });
});

describe("tr types", () => {
  it("writes the module, and --check tells whether it is still right", async () => {
    write("changing.py", server);
    const args = ["types", "changing.py", "-o", "changing.types.ts"];
    const missing = await tr([...args, "--check"]);
    expect(missing.exitCode).toBe(1);
    expect(missing.stderr).toContain("Run: tr types changing.py -o changing.types.ts");
    expect(await tr(args)).toEqual({ stdout: "", stderr: "", exitCode: 0 });
    const text = readFileSync(join(folder, "changing.types.ts"), "utf8");
    expect(text).toContain("export const server: TypedServer<Server>");
    write("changing.types.ts", text.replaceAll("\n", "\r\n"));
    expect((await tr([...args, "--check"])).exitCode).toBe(0);
    write("changing.py", server.replace("b: float = 1", "b: float"));
    expect((await tr([...args, "--check"])).exitCode).toBe(1);
  });

  it("writes to standard output without -o", async () => {
    const { stdout, exitCode } = await tr(["types", "server.py"]);
    expect(exitCode).toBe(0);
    expect(stdout).toContain("/** Adds. */");
  });

  it("warns of types that have no counterpart", async () => {
    write("odd.py", "from tech_renaissance import command\n@command\ndef f(z: complex): ...\n");
    const { stderr, exitCode } = await tr(["types", "odd.py"]);
    expect(exitCode).toBe(0);
    expect(stderr).toContain("warning: f: parameter z: complex has no counterpart");
  });

  it.each([
    ["main_logic.py", "mark functions with @command"],
    ["broken.py", "No module named 'no_such_module'"],
    ["none.py", "there is no script"],
  ])("fails for %s with the reason", async (script, reason) => {
    const { stdout, stderr, exitCode } = await tr(["types", script]);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
    expect(stderr).toContain(reason);
    expect(stderr).not.toContain("    at ");
  });
});

describe("tr run", () => {
  it("prints the result alone on stdout and what the script prints on stderr", async () => {
    const run = await tr(["run", "server.py", "add", "-2.5", "--kwarg", "b=-1"]);
    expect(run).toEqual({ stdout: "-3.5", stderr: "adding", exitCode: 0 });
  });

  it("takes JSON, and text where there is none", async () => {
    const args = ["1", "1.5", "true", "null", "[1]", '{"a":1}', '"1"', "cat", "a b", "", "{x"];
    const { stdout } = await tr(["run", "server.py", "kinds", ...args]);
    expect(JSON.parse(stdout)).toEqual([
      ...["int", "float", "bool", "NoneType", "list", "dict", "str", "str", "str", "str", "str"],
    ]);
  });

  it.each([
    ["text", "two\nwords"],
    ["json", JSON.stringify({ a: [1, null, true] }, null, 2)],
    ["tensor", "[[1.5 2. ]\n [3.  4. ]]"],
    ["both", "{ x: [1 2], y: [ NaN, 1180591620717411303424n ] }"],
  ])("prints %s so that it can be read", async (what, expected) => {
    expect((await tr(["run", "server.py", "give", what])).stdout).toBe(expected);
  });

  it("prints the items of a stream line by line", async () => {
    const { stdout, stderr, exitCode } = await tr(["run", "server.py", "letters", "ab"]);
    expect(stdout).toBe('{"letter":"a"}\n{"letter":"b"}');
    expect([stderr, exitCode]).toEqual(["tidied up", 0]);
  });

  it.skipIf(process.platform === "win32")("stops a stream in order after Ctrl-C", async () => {
    const args = [bin, "run", "server.py", "letters", "a!"];
    const options = { cwd: folder, env: { TR_PYTHON: python }, reject: false } as const;
    const child = execa(process.execPath, args, options);
    for await (const line of child.iterable({ from: "stderr" })) {
      if (line === "waiting") child.kill("SIGINT");
    }
    const { stdout, stderr, exitCode } = await child;
    expect(stdout).toBe('{"letter":"a"}\n{"letter":"!"}');
    expect([stderr, exitCode]).toEqual(["waiting\ntidied up", 130]);
  });

  it("shows a Python error with its traceback and nothing of ours", async () => {
    const { stdout, stderr, exitCode } = await tr(["run", "server.py", "divide", "1", "0"]);
    expect({ stdout, exitCode }).toEqual({ stdout: "", exitCode: 1 });
    expect(stderr).toContain("Traceback (most recent call last):");
    expect(stderr).toContain(`${join(folder, "server.py")}", line`);
    expect(stderr).toContain("tr: divide: ZeroDivisionError: float division by zero");
    expect(stderr).not.toMatch(/ {4}at |node:|tech_renaissance/);
  });

  it.each([
    [["run", "server.py", "ad"], "Did you mean add?"],
    [["run", "server.py", "divide", "1"], "the signature is divide(a: float, b: float)"],
    [["run", "none.py", "add"], "there is no script"],
    [["run", "server.py", "add", "--python", "/nowhere/python"], "/nowhere/python"],
    [["run", "server.py", "sleep", "60", "--timeout-ms", "50"], "within 50 ms"],
  ])("fails with the reason: %j", async (args, reason) => {
    const { stderr, exitCode } = await tr(args);
    expect(exitCode).toBe(1);
    expect(stderr).toContain(reason);
    expect(stderr).not.toContain("    at ");
  });

  it("shows once what a script says that cannot start", async () => {
    const { stderr, exitCode } = await tr(["run", "broken.py", "add"]);
    expect(exitCode).toBe(1);
    expect(stderr.match(/No module named 'no_such_module'/g)).toHaveLength(1);
    expect(stderr).toContain("tr: the Python worker ended before it was ready: exit code 1");
  });

  it.skipIf(process.platform === "win32")("ends with 130 after Ctrl-C", async () => {
    const child = execa(process.execPath, [bin, "run", "server.py", "sleep", "60"], {
      ...{ cwd: folder, env: { TR_PYTHON: python }, reject: false },
    });
    for await (const line of child.iterable({ from: "stderr" })) {
      if (line === "asleep") child.kill("SIGINT");
    }
    expect((await child).exitCode).toBe(130);
  });
});

describe("tr doctor", () => {
  it("says of each thing that it is fine", async () => {
    const { stdout, exitCode } = await tr(["doctor"]);
    expect(exitCode).toBe(0);
    const found = stdout.split("\n").filter((line) => !line.startsWith("    →"));
    const about = ["Node", "Python", "tech_renaissance", "numpy", "torch", "session", "workspace"];
    if (process.platform === "linux") about.push("shared memory");
    about.push("file notifications", "temporary directory");
    expect(found.map((line) => line.slice(2, 22).trim())).toEqual(about);
    expect(found.join("\n")).toContain("found by the variable TR_PYTHON");
    expect(found.join("\n")).toMatch(/session +started in [\d.]+ ms, first answer in [\d.]+ ms/);
    expect(found.every((line) => /^[✓•] /.test(line))).toBe(true);
  });

  it.each([
    ["no Python", { TR_PYTHON: "/nowhere/python" }, "/nowhere/python"],
    ["a Python that does not run", { TR_PYTHON: process.execPath }, "does not run"],
  ])("fails for %s, and says how to mend it", async (_, env, expected) => {
    const { stdout, exitCode } = await tr(["doctor"], env);
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^✗ Python/m);
    expect(stdout).toContain(expected);
    expect(stdout).toMatch(/^ {4}→ .*TR_PYTHON/m);
  });

  it("fails for a workspace that cannot be used", async () => {
    const file = write("no-folder", "");
    const { stdout, exitCode } = await tr(["doctor"], { TR_WORKSPACE: file });
    expect(exitCode).toBe(1);
    expect(stdout).toMatch(/^✗ session/m);
    expect(stdout).toContain("TR_WORKSPACE");
  });
});

describe("colours", () => {
  const onTerminal = (env: Record<string, string>) =>
    execa(python, ["-c", "import pty, sys; pty.spawn(sys.argv[1:])", process.execPath, bin, "x"], {
      env: { NO_COLOR: undefined, ...env },
    });

  it.skipIf(process.platform === "win32")(
    "are for terminals whose user has not said no",
    async () => {
      expect((await onTerminal({})).stdout).toContain("\x1b[31mtr:\x1b[39m");
      expect((await onTerminal({ NO_COLOR: "1" })).stdout).toMatch(/^tr:/);
      expect((await tr(["x"])).stderr).toMatch(/^tr:/);
    },
  );
});
