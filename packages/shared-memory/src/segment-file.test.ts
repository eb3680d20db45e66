import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { SegmentFile } from "./segment-file.js";

const size = 16 * 2 ** 20;
let directory: string;
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "tr-segment-"));
});
afterEach(() => rmSync(directory, { recursive: true, force: true }));

describe("a segment that is closed while it is copied", () => {
  it("is written to its end, and not into the file that gets its descriptor next", async () => {
    const segment = SegmentFile.create(directory, "s", size);
    const writing = segment.write(new Uint8Array(size).fill(7), 0);
    segment.close();
    const other = join(directory, "other");
    const fd = openSync(other, "w+");
    await writing;
    expect(readFileSync(other).length).toBe(0);
    expect(readFileSync(join(directory, "s")).at(-1)).toBe(7);
    closeSync(fd);
  });

  it("is read to its end", async () => {
    const made = SegmentFile.create(directory, "s", size);
    await made.write(new Uint8Array(size).fill(7), 0);
    const segment = SegmentFile.open(directory, "s", size);
    const reading = segment.read(0, size);
    segment.close();
    const fd = openSync(join(directory, "other"), "w+");
    expect(new Uint8Array(await reading).at(-1)).toBe(7);
    closeSync(fd);
    made.close();
  });
});

it("no memory is taken for more than the file has", () => {
  const made = SegmentFile.create(directory, "s", size);
  truncateSync(join(directory, "s"), 100);
  const lost = expect.objectContaining({ code: "TR_SEGMENT_LOST" });
  expect(() => made.read(0, 2 ** 40)).toThrow(lost);
  truncateSync(join(directory, "s"), 2 ** 42); // it may claim as much, with holes
  expect(() => made.read(0, 2 ** 42)).toThrow(lost);
  made.close();
});
