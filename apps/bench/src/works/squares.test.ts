import { expect, it } from "vitest";
import type { Peer } from "../peer.js";
import { Squares } from "./squares.js";

const peer = (square: (values: Float32Array) => Float32Array) =>
  ({ square: async (values: Float32Array) => square(values) }) as Peer;

it("takes squares that are right and the caller's own, however many", async () => {
  const squares = new Squares(
    peer((values) => values.map((value) => value * value)),
    100,
  );
  for (let call = 0; call < 5000; call++) expect(await squares.timeMs()).toBeGreaterThanOrEqual(0);
});

it.each<[string, (values: Float32Array) => Float32Array, RegExp]>([
  ["a short answer", (values) => values.slice(1), /expected 10000 values/],
  ["the input itself", (values) => values, /values of its own/],
  ["a copy", (values) => values.slice(), /a wrong square/],
  ["one wrong value", (values) => values.map((v, i) => (i === 77 ? 0 : v * v)), /at 77/],
])("refuses %s", async (_, square, message) => {
  await expect(new Squares(peer(square), 10_000).timeMs()).rejects.toThrow(message);
});

it("notices memory that the next answer overwrites", async () => {
  const reused = new Float32Array(10_000);
  const squares = new Squares(
    peer((values) => {
      for (const [index, value] of values.entries()) reused[index] = value * value;
      return reused;
    }),
    10_000,
  );
  await squares.timeMs();
  await expect(squares.timeMs()).rejects.toThrow(/overwritten/);
});

it("fills the peer's own memory where it has some, and gives each answer back when the next has come", async () => {
  const own = new Float32Array(100);
  const released: Float32Array[] = [];
  const answers: Float32Array[] = [];
  const squares = new Squares(
    {
      input: (floats: number) => own.subarray(0, floats),
      square: async (values: Float32Array) => {
        expect(values.buffer).toBe(own.buffer);
        const squared = values.map((value) => value * value);
        answers.push(squared);
        return squared;
      },
      release: (squared: Float32Array) => void released.push(squared),
    } as Partial<Peer> as Peer,
    100,
  );
  for (let call = 0; call < 3; call++) await squares.timeMs();
  expect(released).toEqual(answers.slice(0, 2));
});
