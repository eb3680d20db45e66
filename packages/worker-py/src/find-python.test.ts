import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { TrError } from "@tr/protocol/errors";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findPython } from "./find-python.js";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "tr-python-"));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const platform = "linux";
function executable(...path: string[]): string {
  const file = join(folder, ...path);
  mkdirSync(join(file, ".."), { recursive: true });
  writeFileSync(file, "#!/bin/sh\n");
  chmodSync(file, 0o755);
  return file;
}
const caught = (run: () => unknown): unknown => {
  try {
    return run();
  } catch (error) {
    return error;
  }
};

describe.skipIf(process.platform === "win32")("findPython", () => {
  it("takes the first of option, TR_PYTHON, the active environment, .venv upward and the PATH", () => {
    const script = join(folder, "a", "b", "server.py");
    const onPath = executable("bin", "python3");
    const inVenv = executable("a", ".venv", "bin", "python");
    const active = executable("active", "bin", "python");
    const named = executable("named", "python");
    const option = executable("option", "python");
    const env: NodeJS.ProcessEnv = {
      PATH: join(folder, "bin"),
      VIRTUAL_ENV: join(folder, "active"),
      TR_PYTHON: named,
    };
    const find = (python?: string) =>
      findPython({ script, env, platform, ...(python && { python }) });
    expect(find(option)).toEqual({ file: option, args: [], source: "option" });
    expect(find()).toEqual({ file: named, args: [], source: "TR_PYTHON" });
    delete env.TR_PYTHON;
    expect(find()).toEqual({ file: active, args: [], source: "VIRTUAL_ENV" });
    delete env.VIRTUAL_ENV;
    expect(find()).toEqual({ file: inVenv, args: [], source: ".venv" });
    rmSync(inVenv);
    expect(find()).toEqual({ file: onPath, args: [], source: "PATH" });
  });

  it("falls from python3 to python on the PATH, folder by folder", () => {
    const python = executable("second", "python");
    const env = { PATH: [join(folder, "first"), join(folder, "second")].join(delimiter) };
    expect(findPython({ env, platform, cwd: folder }).file).toBe(python);
  });

  it("takes a command with arguments, and finds its program on the PATH", () => {
    const uv = executable("bin", "uv");
    const env = { PATH: join(folder, "bin") };
    const found = findPython({ python: ["uv", "run", "python"], env, platform });
    expect(found).toEqual({ file: uv, args: ["run", "python"], source: "option" });
  });

  it("takes a relative path from the working directory", () => {
    const file = executable("tools", "python");
    const found = findPython({ python: "./tools/python", env: {}, platform, cwd: folder });
    expect(found.file).toBe(file);
  });

  it("does not replace what was named explicitly, and tells every place", () => {
    const env = { PATH: join(folder, "bin"), TR_PYTHON: "/nowhere/python" };
    executable("bin", "python3");
    const error = caught(() => findPython({ env, platform }));
    expect(TrError.is(error, "TR_PYTHON_NOT_FOUND") && error.lookedIn).toEqual([
      "TR_PYTHON: /nowhere/python",
    ]);
  });

  it("lists every place it looked at when there is none", () => {
    const env = { PATH: join(folder, "bin"), VIRTUAL_ENV: join(folder, "active") };
    const script = join(folder, "server.py");
    const error = caught(() => findPython({ env, platform, script }));
    expect(error).toMatchObject({ code: "TR_PYTHON_NOT_FOUND" });
    const { message } = error as TrError;
    expect(message).toContain(join(folder, "active", "bin", "python"));
    expect(message).toContain(join(folder, ".venv", "bin", "python"));
    expect(message).toContain("python3 on the PATH (1 folders)");
    expect(message).toContain("TR_PYTHON");
  });

  it("passes over files that cannot be run, folders, and on Windows the store's empty placeholders", () => {
    mkdirSync(join(folder, "bin", "python3"), { recursive: true });
    writeFileSync(join(folder, "bin", "python"), "not executable");
    const env = { PATH: join(folder, "bin") };
    expect(() => findPython({ env, platform, cwd: folder })).toThrow(/no Python was found/);
    writeFileSync(join(folder, "bin", "python3.exe"), "");
    const py = executable("bin", "py.exe");
    rmSync(join(folder, "bin", "python"));
    rmSync(join(folder, "bin", "python3"), { recursive: true });
    expect(findPython({ env, platform: "win32", cwd: folder })).toEqual({
      file: py,
      args: ["-3"],
      source: "PATH",
    });
  });
});
