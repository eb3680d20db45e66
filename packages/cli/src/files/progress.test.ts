import { expect, it } from "vitest";
import { Progress } from "./progress.js";

function shown(isTTY: boolean) {
  const texts: string[] = [];
  let now = 0;
  const stream = { isTTY, write: (text: string) => texts.push(text) };
  const progress = new Progress(4096, stream, () => now);
  const at = (ms: number, bytes: number) => {
    now = ms;
    progress.add(bytes);
  };
  return { texts, progress, at };
}

it("is shown on a terminal after half a second, ten times a second, and then removed", () => {
  const { texts, progress, at } = shown(true);
  at(499, 1024);
  expect(texts).toEqual([]);
  at(500, 1024);
  at(550, 512);
  at(600, 512);
  progress.end();
  expect(texts).toEqual([
    "\r2.0 KiB of 4.0 KiB, 50 %\x1b[K",
    "\r3.0 KiB of 4.0 KiB, 75 %\x1b[K",
    "\r\x1b[K",
  ]);
});

it("is not shown of what is over sooner, nor in a file", () => {
  for (const { texts, progress, at } of [shown(true), shown(false)]) {
    at(499, 4096);
    progress.end();
    expect(texts).toEqual([]);
  }
  const { texts, progress, at } = shown(false);
  at(5000, 4096);
  progress.end();
  expect(texts).toEqual([]);
});
