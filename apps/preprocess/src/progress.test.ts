import { describe, expect, it } from "vitest";
import { Progress } from "./progress.js";

function shown(isTTY: boolean): string {
  const written: string[] = [];
  const progress = new Progress({ isTTY, write: (text) => written.push(String(text)) > 0 }, 10);
  progress.show(5);
  progress.note("image 7 is odd");
  progress.show(10);
  return written.join("").replace(/\d+ per second/g, "N per second");
}

describe("progress", () => {
  it("is a bar that grows in one line of a terminal, with notes above it", () => {
    const line = "\r\x1b[2K";
    expect(shown(true).split(line)).toEqual([
      "",
      `${"█".repeat(15)}${"░".repeat(15)} 5 of 10 images, N per second`,
      "image 7 is odd\n",
      `${"█".repeat(30)} 10 of 10 images, N per second\n`,
    ]);
  });

  it("is plain lines where there is no terminal", () => {
    expect(shown(false)).toBe(
      "5 of 10 images, N per second\nimage 7 is odd\n10 of 10 images, N per second\n",
    );
  });
});
