import { expect, it } from "vitest";
import { FrameReader } from "./frame-reader.js";

it.each([1, 3, 4, 5, 9])("puts a frame together from chunks of %i bytes", async (size) => {
  const reader = new FrameReader();
  for (const text of ["hello", "again"]) {
    const bytes = Buffer.concat([Buffer.from([5, 0, 0, 0]), Buffer.from(text)]);
    const frame = reader.next();
    for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
    expect((await frame).toString()).toBe(text);
  }
});
