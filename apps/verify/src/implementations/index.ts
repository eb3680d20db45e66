import { add } from "./add.js";
import { conv2d } from "./conv2d.js";
import { layerNorm } from "./layer-norm.js";
import { matmul } from "./matmul.js";
import { softmax } from "./softmax.js";

/** What is verified. */
export const implementations = { matmul, add, softmax, layerNorm, conv2d };

export type Implementations = typeof implementations;
