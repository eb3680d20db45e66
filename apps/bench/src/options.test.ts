import { expect, it } from "vitest";
import { kinds } from "./kinds.js";
import { readOptions, usage } from "./options.js";
import { breakdowns } from "./works/breakdown.js";
import { usualWorks, works } from "./works.js";

it("does everything in five rounds by default, in two with --quick", () => {
  expect(readOptions([])).toMatchObject({ works: usualWorks, kinds, rounds: 5, quick: false });
  expect(readOptions(["--quick"])).toMatchObject({
    works: usualWorks.filter(({ name }) => name !== "chat" && name !== "execute"),
    kinds,
    rounds: 2,
    quick: true,
  });
});

it("takes lists of works and peers, in the bench's order", () => {
  const options = readOptions(["--only", "start,text", "--peers", "grpc", "--peers", "http"]);
  expect(options?.works.map(({ name }) => name)).toEqual(["text", "start"]);
  expect(options?.kinds.map(({ name }) => name)).toEqual(["grpc", "http"]);
});

it("adds where the time goes when asked to", () => {
  expect(readOptions(["--breakdown"])?.works).toEqual(works);
  expect(readOptions(["--only", "text", "--breakdown"])?.works.slice(1)).toEqual(breakdowns);
});

it.each([
  [["--only", "txt"], /--only: expected some of text, 4KiB.*found txt/],
  [["--peers", "soap"], /--peers: expected some of session-file.*found soap/],
  [["--rounds", "0"], /--rounds: expected a whole number ≥ 1, found 0/],
  [["--fast"], /--fast/],
])("refuses %j", (args, message) => {
  expect(() => readOptions(args)).toThrow(message);
});

it("names every work and every peer in its help", () => {
  expect(readOptions(["--help"])).toBeUndefined();
  for (const { name } of [...works, ...kinds]) expect(usage).toContain(name);
});
