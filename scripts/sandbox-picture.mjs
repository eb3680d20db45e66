// Makes docs/sandbox-dashboard.png from the real page, after the build: node scripts/sandbox-picture.mjs [light|dark] [FILE]
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { chromium } from "playwright-core";
import { createGateway } from "../packages/gateway/dist/index.js";
import { chromiumFlags, findChromium } from "../packages/gateway/test/chromium.ts";

const docs = fileURLToPath(new URL("../docs/sandbox-dashboard.png", import.meta.url));
const [colorScheme = "light", path = docs] = process.argv.slice(2);

const module = `import base64
import struct
import zlib
from typing import Literal

import numpy as np

from tech_renaissance.sandbox import Backend, api_tool, tool


def png(pixels: np.ndarray) -> bytes:
    height, width, _ = pixels.shape
    rows = b"".join(b"\\0" + row.tobytes() for row in pixels)

    def chunk(kind: bytes, data: bytes) -> bytes:
        check = zlib.crc32(kind + data)
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", check)

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\\x89PNG\\r\\n\\x1a\\n"
        + chunk(b"IHDR", header)
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


class Plots(Backend):
    """Draws."""

    @tool
    def waves(self, count: int = 3, style: Literal["solid", "dashed"] = "solid") -> dict:
        """Draws waves.

        Args:
            count: how many
        """
        width, height = 600, 200
        x, y = np.arange(width), np.arange(height)[:, None]
        pixels = np.full((height, width, 3), 255.0)
        colours = np.array([[26, 86, 176], [138, 75, 0], [20, 108, 57], [179, 38, 30]])
        for number in range(count):
            wave = height / 2 * (1 - 0.9 * np.sin(x / 50 + number) / (number + 1) ** 0.5)
            slope = np.hypot(1, np.gradient(wave))
            ink = np.clip(2 - np.abs(y - wave) / slope, 0, 1)[..., None]
            pixels = pixels * (1 - ink) + colours[number % 4] * ink
        figure = png(pixels.astype(np.uint8))
        return {"figure": base64.b64encode(figure).decode(), "waves": count}


class Shell(Backend):
    """A shell for each session."""

    @tool
    async def run(self, command: str, timeout: float = 60) -> str:
        """Runs a command in the session's shell."""
        return command


class Search(Backend):
    """Finds passages."""

    @tool
    async def search(self, query: str, top_k: int = 5) -> list[str]:
        """Finds the passages nearest to a query."""
        return [query] * top_k


@api_tool("now")
async def now(zone: str = "UTC") -> str:
    """The time in a zone."""
    return zone
`;

const folder = mkdtempSync(join(tmpdir(), "tr-sandbox-picture-"));
writeFileSync(join(folder, "tools.py"), module);
const gateway = createGateway({
  ...{ port: 0, drainMs: 0, log: { level: "silent" } },
  sandbox: {
    folder,
    resources: {
      plots: { backendClass: "tools:Plots" },
      search: { backendClass: "tools:Search" },
      shell: { backendClass: "tools:Shell", isolation: "session" },
    },
    apis: { now: { function: "tools:now" } },
    warmup: ["plots", "search"],
  },
});
const browser = await chromium.launch({ executablePath: findChromium(), args: chromiumFlags });
try {
  const url = await gateway.listen();
  await gateway.ready();
  const headers = { authorization: `Bearer ${gateway.token}`, "content-type": "application/json" };
  for (const [worker_id, resource_type] of [
    ["agent-1", "shell"],
    ["agent-1", "search"],
    ["agent-2", "shell"],
  ]) {
    const body = JSON.stringify({ worker_id, resource_type });
    await (await fetch(`${url}/api/v1/session/create`, { method: "POST", headers, body })).text();
  }
  const viewport = { width: 1100, height: 1700 };
  const page = await browser.newPage({ viewport, colorScheme, reducedMotion: "reduce" });
  await page.goto(`${url}/#token=${gateway.token}`);
  await page.getByLabel("Tool", { exact: true }).selectOption("plots:waves");
  await page.getByLabel("count").fill("4");
  await page.getByRole("button", { name: "Run", exact: true }).click();
  await page.getByRole("img").waitFor();
  await page.getByRole("row", { name: /shell ready warm/ }).waitFor();
  await page.screenshot({ path });
} finally {
  await browser.close();
  await gateway.close();
  rmSync(folder, { recursive: true, force: true });
}
