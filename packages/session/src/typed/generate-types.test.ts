import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { sample, script } from "../../test/scripts.js";
import { generateTypes } from "./generate-types.js";

const test = new URL("../../test/", import.meta.url);
const golden = new URL("wide.types.ts", test);
/** Inside the package, so that its name is found as a user's program finds it. */
let folder: string;
beforeEach(() => {
  const parent = join(import.meta.dirname, "..", "..", "dist");
  mkdirSync(parent, { recursive: true });
  folder = mkdtempSync(join(parent, "types-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

/** Resolves to what tsc says; nothing when all is well. */
async function compile(...files: string[]): Promise<string> {
  const compilerOptions = {
    ...{ target: "es2024", lib: ["es2024", "dom"], module: "nodenext", types: [], noEmit: true },
    ...{ strict: true, exactOptionalPropertyTypes: true, noUncheckedIndexedAccess: true },
    ...{ noUnusedLocals: true, skipLibCheck: true },
  };
  write("tsconfig.json", JSON.stringify({ compilerOptions, files }));
  const tsc = join(
    dirname(createRequire(import.meta.url).resolve("typescript/package.json")),
    ...["bin", "tsc"],
  );
  const run = await execa(process.execPath, [tsc, "-p", folder], { reject: false });
  return run.stdout + run.stderr;
}

describe("types of wide.py", () => {
  it("are the same text each time, and warn of what has no counterpart", async () => {
    const warnings: string[] = [];
    const text = await generateTypes({
      script: script("wide.py"),
      onWarning: (warning) => warnings.push(warning),
    });
    expect(text).toBe(readFileSync(golden, "utf8"));
    expect(warnings.map((warning) => warning.split(";")[0])).toEqual([
      "odd: parameter z: complex has no counterpart",
      "odd: parameter when: range has no counterpart",
      expect.stringContaining("odd: parameter what: 'no such thing' cannot be read"),
      "odd: result: Iterator[int] has no counterpart",
    ]);
  });

  it("compile under strict, let right calls pass and reject wrong ones", async () => {
    cpSync(golden, join(folder, "wide.types.ts"));
    cpSync(new URL("wide-calls.ts", test), join(folder, "wide-calls.ts"));
    expect(await compile("wide-calls.ts")).toBe("");
  });
});

describe("names", () => {
  it("that TypeScript does not take are changed where they can be and quoted where they cannot", async () => {
    const path = write(
      "odd_names.py",
      `from dataclasses import dataclass
from typing import Literal, TypedDict
from tech_renaissance import command

@dataclass
class Tensor:
    "A Tensor */ of the user's."
    function: int

@dataclass
class string:
    Promise: list["string"]

Odd = TypedDict("Odd", {"with space": int, "class": str})

@command
def new(function: int, options: str, callOptions: int = 1, arguments: float = 2.0) -> Tensor: ...
@command("a-b:c")
def second(größe: string, x: Odd) -> Literal["a | b", "a | a", '"', "*/"]: ...
@command("__proto__")
def third(*arguments: "a name nobody knows", **function: Odd) -> None: ...
`,
    );
    const text = await generateTypes({ script: path, onWarning: () => {} });
    write("names.types.ts", text);
    write(
      "use.ts",
      `import { server, type Server, type Tensor_ } from "./names.types.js";
declare const api: Server;
const made: Promise<Tensor_> = api.new(1, "text", { callOptions: 2, arguments: 3 });
const literal: Promise<"a | b" | "a | a" | '"' | "*/"> = api["a-b:c"]({ Promise: [] }, { "with space": 1, class: "" });
export const all = [made, literal, api.__proto__({ arguments: [1] }), server];
`,
    );
    expect(await compile("use.ts")).toBe("");
    expect(text).toContain('["__proto__"]: {');
  });
});

describe("a script without types to make", () => {
  it.each(["hello_server.py", "matrix_math_server.py"])(
    "that has a main_logic alone is told what to do: %s",
    async (name) => {
      await expect(generateTypes({ script: sample(name) })).rejects.toMatchObject({
        code: "TR_INVALID_ARGUMENT",
        message: expect.stringMatching(/no @command functions.*main_logic.*mark functions/s),
      });
    },
  );

  it("that is not there", async () => {
    await expect(generateTypes({ script: "none.py" })).rejects.toMatchObject({
      code: "TR_SCRIPT_NOT_FOUND",
    });
  });

  it("that cannot be imported shows what the import said", async () => {
    await expect(generateTypes({ script: script("missing_module.py") })).rejects.toMatchObject({
      code: "TR_START_FAILED",
      message: expect.stringContaining("ModuleNotFoundError"),
    });
  });

  it("for want of a Python", async () => {
    const options = { script: script("wide.py"), python: "/nowhere/python" };
    await expect(generateTypes(options)).rejects.toMatchObject({ code: "TR_PYTHON_NOT_FOUND" });
  });

  it("because it was cancelled", async () => {
    const hangs = write("hangs.py", "import time\ntime.sleep(60)\n");
    const abort = new AbortController();
    const types = generateTypes({ script: hangs, signal: abort.signal });
    abort.abort();
    await expect(types).rejects.toMatchObject({ code: "TR_CANCELLED" });
  });
});
