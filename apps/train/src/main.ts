import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { PythonSession, TrError } from "@tr/session";
import { equal, type Tensor } from "@tr/tsr-codec";
import { Display } from "./display.js";
import type { Epoch } from "./epoch.js";
import { spirals } from "./spirals.js";

const { values } = parseArgs({
  options: {
    epochs: { type: "string", default: "60" },
    points: { type: "string", default: "1024" },
  },
});
const epochs = Number(values.epochs);
const { points, classes } = spirals(Number(values.points));

// Ctrl-C ends the training, not the program: Python stops where it is and keeps what it has learned.
const interrupt = new AbortController();
process.once("SIGINT", () => interrupt.abort());
const { signal } = interrupt;

const session = new PythonSession({
  script: fileURLToPath(new URL("../server.py", import.meta.url)),
});
const display = new Display(process.stdout, epochs);
try {
  await session.start({ signal });
  const { pid } = session.info ?? {};
  const stopped = await train();
  display.end();
  const state = await session.call<Epoch>("last_state");
  const guesses = await session.calculate<Tensor<"int64">>("classify", points);
  const isSame = equal(guesses, classes) ? "every" : "not every";
  console.log(
    `${stopped ? `stopped (${stopped}) in epoch ${state.epochs + 1}` : "finished"} after ${state.steps} steps: loss ${state.loss.toFixed(4)}, ${(100 * state.accuracy).toFixed(1)} % right`,
  );
  console.log(
    `the ${session.info?.pid === pid ? "same" : "next"} Python process tells ${isSame} point's spiral`,
  );
  if (stopped) process.exitCode = 130; // 128 + SIGINT, as shells count
} catch (error) {
  if (!signal.aborted) throw error;
  console.log("stopped before the training had begun");
  process.exitCode = 130;
} finally {
  await session.close();
}

/** Resolves to how it was stopped, to `undefined` when it has come to its end. */
async function train(): Promise<string | undefined> {
  const steps = session.stream<Epoch>("train", [points, classes], {
    kwargs: { epochs },
    signal,
    onProgress: ({ done, total }) => display.step(done / (total ?? done)),
  });
  try {
    for await (const epoch of steps) display.epoch(epoch);
    return undefined;
  } catch (error) {
    if (TrError.is(error, "TR_CANCELLED")) return error.stopped;
    throw error;
  }
}
