import { expect, it } from "vitest";
import { createMemoryChannel } from "./memory-channel.js";

it("copies what it is given, as a file does", () => {
  const channel = createMemoryChannel();
  const data = Uint8Array.of(1);
  channel.writeSync("a", data);
  data[0] = 9;
  expect(channel.takeSync("a")).toEqual(Uint8Array.of(1));
});

it("gives hints, one for a burst of changes", async () => {
  const channel = createMemoryChannel();
  let hints = 0;
  const stop = channel.onHint(() => {
    hints += 1;
  });
  for (let count = 0; count < 100; count += 1) channel.writeSync("a", "x");
  await new Promise((resolve) => setImmediate(resolve));
  expect(hints).toBe(1);
  stop();
  channel.writeSync("a", "x");
  await new Promise((resolve) => setImmediate(resolve));
  expect(hints).toBe(1);
});
