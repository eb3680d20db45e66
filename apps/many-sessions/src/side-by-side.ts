import type { PythonSession } from "@tr/session";
import { allClose, full, type Tensor } from "@tr/tsr-codec";

export interface Shares {
  /** In the order of the inputs. */
  readonly results: readonly Tensor[];
  /** How many of them each session computed. */
  readonly shares: readonly number[];
}

/** Each session takes the next tensor as soon as it has answered the one before. */
export async function share(
  sessions: readonly PythonSession[],
  inputs: readonly Tensor[],
): Promise<Shares> {
  const results: Tensor[] = [];
  const queue = inputs.entries(); // one iterator for all: nothing is taken twice
  const work = async (session: PythonSession): Promise<number> => {
    let done = 0;
    for (const [index, input] of queue) {
      results[index] = await session.call<Tensor>("square", [input], { kwargs: { seconds: 0.1 } });
      done++;
    }
    return done;
  };
  const shares = await Promise.all(sessions.map(work));
  return { results, shares };
}

export async function squareMany(sessions: readonly PythonSession[]): Promise<void> {
  const inputs = Array.from({ length: 12 }, (_, i) => full([100, 100], i));
  const started = performance.now();
  const { results, shares } = await share(sessions, inputs);
  const elapsedMs = Math.round(performance.now() - started);
  const isRight = results.every((result, i) => allClose(result, full([100, 100], i * i)));
  if (!isRight) throw new Error("the squares are wrong");
  console.log(`  12 tensors, 100 ms of work each, are right and took ${elapsedMs} ms`);
  console.log(`  computed by each session: ${shares.join(", ")}`);
}
