import { expect, it } from "vitest";
import { bytesOf, floatsOf } from "./bytes.js";

it("sees floats as bytes and back without a copy", () => {
  const values = Float32Array.of(1, 2, 3);
  const bytes = bytesOf(values.subarray(1));
  expect(bytes.length).toBe(8);
  expect(floatsOf(bytesOf(values)).buffer).toBe(values.buffer);
});

it("copies floats that lie askew or in a pool", () => {
  const pool = Buffer.from(new ArrayBuffer(8192));
  pool.writeFloatLE(1.5, 9);
  for (const bytes of [pool.subarray(9, 13), Buffer.from(pool.buffer, 9, 4)]) {
    const floats = floatsOf(bytes);
    expect([...floats]).toEqual([1.5]);
    expect(floats.buffer).not.toBe(pool.buffer);
  }
});
