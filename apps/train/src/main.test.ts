import { spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { execa } from "execa";
import { describe, expect, it } from "vitest";
import { Display, sparkline } from "./display.js";
import { spirals } from "./spirals.js";

const main = fileURLToPath(new URL("../dist/main.js", import.meta.url));

describe("train", () => {
  it("streams every epoch, learns, and leaves a model that can be asked", async () => {
    const { stdout } = await execa(process.execPath, [main, "--epochs", "3", "--points", "256"]);
    const lines = stdout.split("\n");
    const losses = lines.slice(0, 3).map((line, i) => {
      const [, epoch, loss] = /^epoch (\d) of 3: loss ([\d.]+), [\d.]+ % right$/.exec(line) ?? [];
      expect(Number(epoch)).toBe(i + 1);
      return Number(loss);
    });
    expect(losses[2]).toBeLessThan(losses[0] as number);
    expect(lines[3]).toMatch(/^finished after 24 steps: loss /);
    expect(lines[4]).toMatch(/^the same Python process tells (not )?every point's spiral$/);
  });

  it.skipIf(process.platform === "win32")(
    "stops Python at Ctrl-C, and shows what the same process has learned",
    async () => {
      const child = spawn(process.execPath, [main, "--epochs", "100000"], { stdio: "pipe" });
      const lines: string[] = [];
      createInterface({ input: child.stdout }).on("line", (line) => {
        lines.push(line);
        if (line.startsWith("epoch 2 of")) child.kill("SIGINT");
      });
      let complaints = "";
      child.stderr.on("data", (chunk) => {
        complaints += chunk;
      });
      const [exitCode] = await once(child, "close");
      expect({ exitCode, complaints }).toEqual({ exitCode: 130, complaints: "" });
      expect(lines.at(-2)).toMatch(/^stopped \(cancelled\) in epoch \d+ after \d+ steps: loss \d/);
      expect(lines.at(-1)).toMatch(/^the same Python process tells/);
    },
  );
});

describe("the display", () => {
  it("draws one line anew on a terminal", () => {
    const written: string[] = [];
    const display = new Display(
      { isTTY: true, write: (text: string | Uint8Array) => written.push(String(text)) > 0 },
      2,
    );
    display.step(0.5);
    display.epoch({ epochs: 1, steps: 8, loss: 0.5, accuracy: 0.75 });
    display.end();
    expect(written.map((text) => text.replace("\r\x1b[2K", "<"))).toEqual([
      "<██████░░░░░░░░░░░░░░░░░░ 0 of 2  loss –",
      "<████████████░░░░░░░░░░░░ 1 of 2 █ loss 0.5000, 75.0 % right",
      "\n",
    ]);
  });

  it("shows the losses against the largest", () => {
    expect(sparkline([8, 4, 1, 0])).toBe("█▅▂▁");
  });
});

it("makes two spirals that do not touch", () => {
  const { points, classes } = spirals(8);
  expect([...classes.data].map(Number)).toEqual([0, 1, 0, 1, 0, 1, 0, 1]);
  expect(points.shape).toEqual([8, 2]);
  expect(Math.max(...points.data.map(Math.abs))).toBeLessThanOrEqual(1);
});
