import { parseArgs } from "node:util";
import { kinds } from "./kinds.js";
import type { AnyKind } from "./peer.js";
import type { Work } from "./work.js";
import { breakdowns } from "./works/breakdown.js";
import { quickWorks, usualWorks, works } from "./works.js";

export interface Options {
  readonly works: readonly Work[];
  readonly kinds: readonly AnyKind[];
  readonly rounds: number;
  readonly quick: boolean;
  readonly json: string | undefined;
  readonly svg: string | undefined;
}

const names = (all: readonly { name: string }[]): string => all.map(({ name }) => name).join(", ");

export const usage = `Times @tr/session beside other ways to reach Python.

  --only WORKS     of ${names(works)}
  --peers PEERS    of ${names(kinds)}
  --rounds N       how often every peer has its turn (default 5, with --quick 2)
  --quick          smaller samples, without the servers (chat, execute): about a minute, after
                   the first installation of the peers
  --breakdown      also where the time of a session's call goes (Linux)
  --json FILE      every figure of every round
  --svg FILE       a chart
`;

/** @throws Error, naming the option. `undefined`: help was asked for. */
export function readOptions(args: readonly string[]): Options | undefined {
  const { values } = parseArgs({
    args: [...args],
    options: {
      only: { type: "string", multiple: true },
      peers: { type: "string", multiple: true },
      rounds: { type: "string" },
      quick: { type: "boolean", default: false },
      breakdown: { type: "boolean", default: false },
      json: { type: "string" },
      svg: { type: "string" },
      help: { type: "boolean", default: false },
    },
  });
  if (values.help) return undefined;
  const rounds = Number(values.rounds ?? (values.quick ? 2 : 5));
  if (!Number.isInteger(rounds) || rounds < 1) {
    throw new RangeError(`--rounds: expected a whole number ≥ 1, found ${values.rounds}`);
  }
  return {
    works: worksOf(values.only, values.breakdown, values.quick ? quickWorks : usualWorks),
    kinds: choose("--peers", kinds, values.peers),
    rounds,
    quick: values.quick,
    json: values.json,
    svg: values.svg,
  };
}

function worksOf(
  only: readonly string[] | undefined,
  breakdown: boolean,
  usual: readonly Work[],
): readonly Work[] {
  const chosen = only === undefined ? usual : choose("--only", works, only);
  return breakdown
    ? [...chosen.filter((work) => !breakdowns.includes(work)), ...breakdowns]
    : chosen;
}

function choose<T extends { name: string }>(
  option: string,
  all: readonly T[],
  asked: readonly string[] | undefined,
): readonly T[] {
  if (asked === undefined) return all;
  const wanted = asked.flatMap((word) => word.split(","));
  for (const word of wanted) {
    if (!all.some(({ name }) => name === word)) {
      throw new RangeError(`${option}: expected some of ${names(all)}, found ${word}`);
    }
  }
  return all.filter(({ name }) => wanted.includes(name));
}
