import { full, ones, scalar, type Tensor, zeros } from "@tr/tsr-codec";
import type { Tolerance } from "./compare.js";
import type { ConvOptions } from "./implementations/conv2d.js";
import type { Implementations } from "./implementations/index.js";
import { fill, normal } from "./inputs.js";

type Float32 = Tensor<"float32">;

export interface Case {
  readonly title: string;
  readonly tolerance: Tolerance;
  /** The implementation under test. */
  readonly compute: (own: Implementations) => Float32;
  /** The function of PyTorch that it is held against. */
  readonly reference: readonly [name: string, args: unknown[], kwargs?: Record<string, unknown>];
}

const within = (atol: number, rtol: number, because: string): Tolerance => ({
  atol,
  rtol,
  because,
});
// A float32 has 24 bits: each rounding is off by at most 2^-24, 6e-8, of the value.
const exact = (because: string) => within(0, 0, because);
const sameRounding = exact("both round the exact sum once, to the same float32");

const show = (...tensors: Float32[]) => tensors.map(({ shape }) => shape.join("×") || "[]");

function matmul(note: string, a: Float32, b: Float32, tolerance: Tolerance): Case {
  return {
    title: `matmul ${show(a, b).join(" @ ")}${note}`,
    tolerance,
    compute: (own) => own.matmul(a, b),
    reference: ["matmul", [a, b]],
  };
}

function add(note: string, a: Float32, b: Float32): Case {
  return {
    title: `add ${show(a, b).join(" + ")}${note}`,
    tolerance: sameRounding,
    compute: (own) => own.add(a, b),
    reference: ["add", [a, b]],
  };
}

function softmax(note: string, x: Float32, dim: number, tolerance: Tolerance): Case {
  return {
    title: `softmax ${show(x)}, dim ${dim}${note}`,
    tolerance,
    compute: (own) => own.softmax(x, dim),
    reference: ["nn.functional.softmax", [x], { dim }],
  };
}

function layerNorm(
  note: string,
  x: Float32,
  weight: Float32,
  bias: Float32,
  tolerance: Tolerance,
): Case {
  const eps = 1e-5;
  return {
    title: `layer norm ${show(x)} over ${show(weight)}${note}`,
    tolerance,
    compute: (own) => own.layerNorm(x, weight, bias, eps),
    reference: ["nn.functional.layer_norm", [x, weight.shape, weight, bias], { eps }],
  };
}

function conv2d(x: Float32, weight: Float32, options: ConvOptions, tolerance: Tolerance): Case {
  const bias = normal(weight.shape.slice(0, 1));
  const { stride, padding } = options;
  return {
    title: `conv2d ${show(x, weight).join(" ∗ ")}, stride ${stride}, padding ${padding}`,
    tolerance,
    compute: (own) => own.conv2d(x, weight, bias, options),
    reference: ["nn.functional.conv2d", [x, weight, bias], { stride, padding }],
  };
}

const shortSum = within(1e-6, 1e-6, "PyTorch sums a few products of about 1 in float32");
const expRounding = within(1e-7, 1e-6, "PyTorch's exp, sum and quotient are float32");
const normRounding = within(1e-5, 1e-5, "PyTorch's mean, variance and root are float32");
const maskOf = (i: number) => (i % 3 === 1 ? Number.NEGATIVE_INFINITY : i / 4);

export const cases: readonly Case[] = [
  matmul("", normal([4, 3]), normal([3, 5]), shortSum),
  matmul("", full([1, 1], 3), full([1, 1], -0.1), exact("one product, rounded once by both")),
  matmul(
    "",
    normal([33, 768]),
    normal([768, 17]),
    within(2e-4, 1e-6, "768 float32 additions, sums up to 100: about √768 · 6e-8 · 100"),
  ),
  matmul(", no columns", zeros([3, 0]), zeros([0, 4]), exact("the empty sum is 0")),
  matmul(
    ", too large",
    full([2, 3], 1e20),
    full([3, 2], 1e20),
    exact("above 3.4e38 a float32 is infinite"),
  ),
  matmul(
    ", subnormal",
    normal([5, 7], 1e-20),
    normal([7, 3], 1e-20),
    within(7 * 2 ** -149, 0, "7 additions, each off by at most the smallest float32, 1.4e-45"),
  ),

  add("", normal([5, 7]), normal([5, 7])),
  add("", normal([4, 1]), normal([1, 6])),
  add("", normal([2, 3, 5]), normal([3, 1])),
  add("", scalar(1e8), normal([3, 3])),
  add(", too large", full([2, 1], 3.4e38), full([1, 2], 3.4e38)),
  add(", no rows", zeros([0, 3]), ones([1, 3])),

  softmax("", normal([5, 7]), -1, expRounding),
  softmax("", normal([2, 3, 5]), 1, expRounding),
  softmax(", ±10,000", normal([3, 11], 1e4), -1, expRounding),
  softmax(", masked with −∞", fill([2, 9], maskOf), -1, expRounding),
  softmax(
    ", −∞ alone",
    full([1, 4], Number.NEGATIVE_INFINITY),
    -1,
    exact("0 / 0: PyTorch says NaN, so must we"),
  ),

  layerNorm("", normal([4, 10]), normal([10]), normal([10]), normRounding),
  layerNorm("", normal([2, 3, 5, 7]), normal([5, 7]), normal([5, 7]), normRounding),
  layerNorm(", all equal", full([2, 8], 0.1), ones([8]), zeros([8]), normRounding),
  layerNorm(
    ", mean 1,000",
    normal([3, 33], 1, 1000),
    ones([33]),
    zeros([33]),
    within(5e-4, 0, "the mean is rounded to 1,000 · 6e-8 = 6e-5 before it is subtracted"),
  ),

  conv2d(normal([1, 1, 5, 5]), normal([1, 1, 3, 3]), { stride: [1, 1], padding: [0, 0] }, shortSum),
  conv2d(normal([2, 3, 4, 4]), normal([5, 3, 1, 1]), { stride: [1, 1], padding: [0, 0] }, shortSum),
  conv2d(
    normal([2, 3, 11, 13]),
    normal([4, 3, 3, 2]),
    { stride: [2, 3], padding: [1, 2] },
    within(5e-6, 1e-6, "19 float32 additions, sums up to 20"),
  ),
  conv2d(normal([1, 2, 3, 3]), normal([1, 2, 5, 5]), { stride: [1, 1], padding: [2, 2] }, shortSum),
];
