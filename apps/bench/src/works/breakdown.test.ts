import { expect, it } from "vitest";
import { partsUs } from "./breakdown.js";

it("ends the part of call() where the function begins, if that is earlier", () => {
  const call = { startNs: 0, calledNs: 5000, enteredNs: 4000, leftNs: 6000, endNs: 7000 };
  expect(partsUs([{ ...call, answer: "" }])).toMatchObject({ send: 4, there: 0, function: 2 });
});

it("takes the parts of the middle half of the calls, which add up", () => {
  const call = (factor: number) => {
    const at = (us: number) => us * 1000 * factor;
    return {
      startNs: 0,
      calledNs: at(1),
      enteredNs: at(3),
      leftNs: at(6),
      endNs: at(10),
      answer: "",
    };
  };
  const parts = partsUs([call(1000), call(1), call(3), call(0.001)]);
  expect(parts).toEqual({ total: 20, send: 2, there: 4, function: 6, back: 8 });
});
