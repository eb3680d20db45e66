import {
  chmodSync,
  mkdirSync,
  mkdtempSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { pythonPath } from "@tr/worker-py";
import { execa } from "execa";
import { expect, it } from "vitest";

const backEnd = `
from tech_renaissance.sandbox import Backend, tool


class Demo(Backend):
    name = "demo"

    @tool("demo:echo")
    async def echo(self, text: str) -> str:
        return text
`;

const program = `
from tech_renaissance.sandbox import Sandbox

with Sandbox("sandbox.json") as sandbox:
    sandbox.start()
    print(sandbox.execute("demo:echo", {"text": "hi"})["data"])
    sandbox.shutdown_server()
`;

// On Windows npm writes a .cmd file there, not a link.
if (process.platform !== "win32") {
  it("a program in Python starts the project's own tr serve, which is not on its PATH", async () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), "tr-from-python-")));
    try {
      const bin = join(folder, "node_modules", ".bin");
      mkdirSync(bin, { recursive: true });
      const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));
      chmodSync(main, 0o755); // as npm does
      symlinkSync(main, join(bin, "tr"));
      const resources = { demo: { backend_class: "back_end:Demo" } };
      const config = JSON.stringify({ server: { port: 0 }, resources });
      for (const [name, text] of Object.entries({
        ...{ "sandbox.json": config, "back_end.py": backEnd, "main.py": program },
      })) {
        writeFileSync(join(folder, name), text);
      }
      const env = { PYTHONPATH: pythonPath, TR_STATE_DIR: join(folder, "state") };
      const python = process.env.TR_PYTHON ?? "python3";
      const { stdout } = await execa(python, ["main.py"], { cwd: folder, env });
      expect(stdout).toBe("hi");
    } finally {
      rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
    }
  });
}
