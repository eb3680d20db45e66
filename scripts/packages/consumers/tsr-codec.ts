// Compiled and run against the packed package, without Node's types.
import { decode, encode, full, type Tensor, TsrError, tensor } from "@tr/tsr-codec";
import { decodeNpy, encodeNpy } from "@tr/tsr-codec/npy";
import { decodeSafetensors, encodeSafetensors } from "@tr/tsr-codec/safetensors";
import { decodeContainer, encodeContainer } from "@tr/tsr-codec/v4";

function expect(condition: boolean, what: string): void {
  if (!condition) throw new Error(what);
}

const bytes: Uint8Array = encode(full([4, 3], 1.5));
const back: Tensor = decode(bytes);
expect(bytes.length === 64 + 48 && back.data[11] === 1.5, "a tensor as bytes and back");

const big: Tensor<"int64"> = tensor(new BigInt64Array([1n, 2n]), [2]);
const data: BigInt64Array = big.data;
expect(data[1] === 2n, "the data follows the dtype");

expect(decodeNpy(encodeNpy(big)).dtype === "int64", "npy");
const { tensors } = decodeSafetensors(encodeSafetensors(new Map([["weights", big]])));
expect(tensors.get("weights")?.shape[0] === 2, "safetensors");
const [first] = await decodeContainer(await encodeContainer([back], { compress: true }));
expect(first?.dtype === "float32", "TSR 4.20");

let code: string | undefined;
try {
  decode(new Uint8Array(3));
} catch (error) {
  if (TsrError.is(error)) code = error.code;
}
expect(code === "TSR_TRUNCATED", "a typed error");

export function refusedByTheCompiler(): void {
  // @ts-expect-error there is no such dtype
  full([2], 0, "float8");
  // @ts-expect-error numbers do not fit an int64 tensor
  const numbers: Float32Array = big.data;
  void numbers;
}
