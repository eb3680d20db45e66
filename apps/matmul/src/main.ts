import { fileURLToPath } from "node:url";
import { PythonSession } from "@tr/session";
import { format, type Tensor } from "@tr/tsr-codec";
import { matmul, normal } from "./reference.js";

const sizes = [16, 32, 64, 128, 192, 256, 384, 512, 768, 1024];
/** Of the largest entry of the product: PyTorch sums in single precision, the check in double. */
const tolerance = 1e-5;

function largestError(actual: Tensor, expected: Tensor<"float32">): number {
  if (actual.shape.join() !== expected.shape.join()) return Number.POSITIVE_INFINITY;
  let error = 0;
  let largest = 0;
  expected.data.forEach((value, i) => {
    largest = Math.max(largest, Math.abs(value));
    // NaN on either side must not pass.
    const distance = Math.abs(Number(actual.data[i]) - value);
    if (!(distance <= error)) error = distance;
  });
  return error / largest;
}

/** One product in PyTorch, with its time in ms and its distance from the one computed here. */
async function multiply(session: PythonSession, a: Tensor<"float32">, b: Tensor<"float32">) {
  const started = performance.now();
  const product = await session.calculate("matmul", a, b);
  const elapsedMs = performance.now() - started;
  const error = largestError(product, matmul(a, b));
  return { product, elapsedMs, error, isRight: error <= tolerance };
}

const shape = ({ shape }: Tensor) => shape.join("×");
const indent = (text: string) => text.replace(/^/gm, "    ");

const script = process.argv[2] ?? fileURLToPath(new URL("../server.py", import.meta.url));
const session = new PythonSession({ script });
const started = performance.now();
try {
  console.log("Starting Python and importing PyTorch …");
  await session.start();
  const { python, packages } = session.info ?? {};
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  console.log(`Python ${python}, PyTorch ${packages?.torch}, ready after ${seconds} s\n`);

  const a = normal([4, 3], 1);
  const b = normal([3, 5], 2);
  const first = await multiply(session, a, b);
  console.log(`a, ${shape(a)}, made in TypeScript:\n${indent(format(a))}`);
  console.log(`b, ${shape(b)}:\n${indent(format(b))}`);
  console.log(
    `a @ b, ${shape(first.product)}, computed by PyTorch:\n${indent(format(first.product))}`,
  );
  const verdict = (isRight: boolean) => (isRight ? "✓" : "✗ wrong");
  console.log(
    `${verdict(first.isRight)} against TypeScript: error ${first.error.toExponential(1)}, there and back in ${first.elapsedMs.toFixed(1)} ms\n`,
  );

  let wrong = first.isRight ? 0 : 1;
  console.log("      size   sent, MiB   there and back, ms   error");
  for (const n of sizes) {
    const result = await multiply(session, normal([n, n], n), normal([n, n], n + 1));
    if (!result.isRight) wrong++;
    console.log(
      [
        `${n}×${n}`.padStart(10),
        ((2 * n * n * 4) / 2 ** 20).toFixed(3).padStart(12),
        result.elapsedMs.toFixed(2).padStart(21),
        `   ${result.error.toExponential(1)} ${verdict(result.isRight)}`,
      ].join(""),
    );
  }
  console.log(
    wrong === 0
      ? `\nAll ${sizes.length + 1} products are right.`
      : `\n${wrong} of ${sizes.length + 1} products are wrong.`,
  );
  process.exitCode = wrong === 0 ? 0 : 1;
} finally {
  await session.close();
}
