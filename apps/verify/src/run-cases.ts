import type { PythonSession } from "@tr/session";
import { isTensor, type Tensor } from "@tr/tsr-codec";
import type { Case } from "./cases.js";
import { type Comparison, compare, failed } from "./compare.js";
import type { Implementations } from "./implementations/index.js";

export interface Result extends Comparison {
  readonly case: Case;
}

/** Holds each case's implementation against PyTorch, in order. */
export async function* runCases(
  session: PythonSession,
  cases: readonly Case[],
  own: Implementations,
): AsyncGenerator<Result> {
  for (const each of cases) {
    const [name, args, kwargs = {}] = each.reference;
    const expected = await session.call<Tensor>("op", [name, ...args], { kwargs });
    yield { case: each, ...check(each, own, expected) };
  }
}

/** An implementation that throws, or gives no tensor, is wrong in this case; the others go on. */
function check({ compute, tolerance }: Case, own: Implementations, expected: Tensor): Comparison {
  let actual: unknown;
  try {
    actual = compute(own);
  } catch (error) {
    return failed(`threw ${error}`);
  }
  if (!isTensor(actual)) return failed(`gave ${actual} instead of a tensor`);
  return compare(actual, expected, tolerance);
}
