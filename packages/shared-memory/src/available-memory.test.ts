import { expect, it } from "vitest";
import { checkAvailable } from "./available-memory.js";

it("more memory than there is is refused before it is taken", () => {
  expect(() => checkAvailable(2 ** 50)).toThrow(expect.objectContaining({ code: "ENOMEM" }));
  checkAvailable(2 ** 20);
});
