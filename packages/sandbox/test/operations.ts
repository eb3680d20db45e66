import fc from "fast-check";
import { type Call, type Step, type Type, types, workers } from "./model-types.js";

export type Operation =
  | { do: "create" | "destroy"; worker: string; type: Type }
  | ({ do: "execute" } & Call)
  | { do: "disconnect"; worker: string }
  | { do: "refresh"; worker: string; type: Type | undefined }
  | { do: "warmup" | "crash"; type: Type }
  | { do: "mode"; type: Type; step: Step; ms: number; raises: boolean }
  | { do: "advance"; ms: number };

const worker = fc.constantFrom(...workers);
const type = fc.constantFrom(...types);
const maybe = (...values: number[]) => fc.constantFrom(undefined, ...values);
const mostly = fc.integer({ min: 0, max: 3 }).map((n) => n === 3);
const one = <T extends string>(value: T) => fc.constant(value);
const call = fc.record({
  do: one("execute"),
  worker,
  type,
  tool: fc.constantFrom("run" as const, "run" as const, "block" as const),
  ms: fc.constantFrom(0, 400, 3000, 8000),
  raises: mostly,
  lingersMs: fc.constantFrom(0, 0, 300, 2500),
  timeoutMs: maybe(500, 2000),
  goneAfterMs: maybe(500, 2000),
});
const anyOperation: fc.Arbitrary<Operation> = fc.oneof(
  { weight: 6, arbitrary: call },
  { weight: 4, arbitrary: fc.record({ do: one("create"), worker, type }) },
  { weight: 2, arbitrary: fc.record({ do: one("destroy"), worker, type }) },
  { weight: 1, arbitrary: fc.record({ do: one("disconnect"), worker }) },
  {
    weight: 1,
    arbitrary: fc.record({ do: one("refresh"), worker, type: fc.option(type, { nil: undefined }) }),
  },
  { weight: 1, arbitrary: fc.record({ do: one("warmup"), type }) },
  { weight: 2, arbitrary: fc.record({ do: one("crash"), type }) },
  {
    weight: 3,
    arbitrary: fc.record({
      do: one("mode"),
      type,
      step: fc.constantFrom("warmup" as const, "initialize" as const, "cleanup" as const),
      ms: fc.constantFrom(0, 0, 600, 7000),
      raises: mostly,
    }),
  },
  {
    weight: 8,
    arbitrary: fc.record({ do: one("advance"), ms: fc.constantFrom(100, 700, 1100, 4000) }),
  },
);

export interface History {
  list: Operation[];
  /** Closed in the middle of everything, or when everything has expired. */
  closesAtOnce: boolean;
}

export const histories: fc.Arbitrary<History> = fc.record({
  list: fc.array(anyOperation, { minLength: 1, maxLength: 40, size: "max" }),
  closesAtOnce: fc.boolean(),
});
