import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { PythonSession } from "@tr/session";
import type { Tensor } from "@tr/tsr-codec";
import { batches, imageAt } from "./images.js";
import { mapInOrder } from "./map-in-order.js";
import { Progress } from "./progress.js";
import { difference, preprocess, statistics } from "./reference.js";

const { values } = parseArgs({
  options: {
    images: { type: "string", default: "160" },
    script: { type: "string", default: fileURLToPath(new URL("../server.py", import.meta.url)) },
  },
});
const count = Number(values.images);
const size = 224;
const batchSize = 8;
/** Every so many images the result is computed here as well. */
const checkEvery = 20;
/** Of values between −2.2 and 2.7: numpy computes in single precision, the check in double. */
const tolerance = 1e-5;

/** What server.py gives for a batch. */
interface Batch {
  /** [usable images, 3, size, size] */
  pixels: Tensor<"float32">;
  /** Where in the batch each of them was. */
  indices: number[];
  failures: { index: number; message: string }[];
}

const sessions = [1, 2].map(() => new PythonSession({ script: values.script }));
const progress = new Progress(process.stdout, count);
let used = 0;
let failed = 0;
let checked = 0;
let wrong = 0;

async function run(numbers: number[], position: number) {
  const session = sessions[position % sessions.length] as PythonSession;
  const images = numbers.map(imageAt);
  const batch = await session.call<Batch>("preprocess", [images], { kwargs: { size } });
  return { numbers, ...batch };
}

/** Whether Python's result for an image is what TypeScript computes for it. */
function isRight(pixels: Float32Array, number: number): boolean {
  const distance = difference(pixels, preprocess(imageAt(number), size).data);
  if (distance <= tolerance) return true;
  progress.note(`image ${number} is wrong by ${distance}`);
  return false;
}

try {
  await Promise.all(sessions.map((session) => session.start()));
  let sumOfMeans = 0;
  // Two batches per session: while one is computed the next is made and waits for its turn.
  const results = mapInOrder(batches(count, batchSize), 2 * sessions.length, run);
  for await (const { numbers, pixels, indices, failures } of results) {
    for (const { index, message } of failures) {
      progress.note(`image ${numbers[index]} cannot be used: ${message}`);
      failed++;
    }
    const length = 3 * size * size;
    for (const [row, index] of indices.entries()) {
      const number = numbers[index] as number;
      const own = pixels.data.subarray(row * length, (row + 1) * length);
      sumOfMeans += statistics(own).mean;
      used++;
      if (number % checkEvery !== 0) continue;
      checked++;
      if (!isRight(own, number)) wrong++;
    }
    progress.show((numbers.at(-1) as number) + 1);
  }
  console.log(`${used} inputs of 3×${size}×${size}; images that cannot be used: ${failed}`);
  console.log(`mean of all values: ${(sumOfMeans / used).toFixed(4)}`);
  console.log(`${checked - wrong} of ${checked} checked against TypeScript are right`);
  process.exitCode = wrong === 0 ? 0 : 1;
} finally {
  await Promise.all(sessions.map((session) => session.close()));
}
