import { TrError } from "@tr/protocol/errors";
import { decode, encode, isTensor, type Tensor } from "@tr/tsr-codec";

/** How a tensor stands in JSON: a TSR file in base64. */
interface TensorText {
  readonly $tsr: string;
}

/** Values as JSON, tensors in it at any depth. @throws TrError `TR_INVALID_ARGUMENT` for what would not arrive as it is. */
export function toJson(value: unknown): string {
  try {
    return JSON.stringify(value, (name, inner: unknown) => {
      if (isTensor(inner)) return tensorText(inner);
      const fault = faultOf(inner);
      if (fault === undefined) return inner;
      throw new TrError(
        "TR_INVALID_ARGUMENT",
        `${name === "" ? "the value" : JSON.stringify(name)}: expected JSON or a tensor, found ${fault}`,
      );
    });
  } catch (cause) {
    if (TrError.is(cause)) throw cause;
    // What the encoder or JSON.stringify say: a tensor that does not fit its shape, a cycle.
    throw new TrError("TR_INVALID_ARGUMENT", (cause as Error).message, { cause });
  }
}

/** JSON with its tensors. @throws SyntaxError, TsrError */
export function fromJson(text: string): unknown {
  // Parsing with a function costs several times as much: only where there is a tensor.
  if (!text.includes('"$tsr"')) return JSON.parse(text);
  return JSON.parse(text, (_, value: unknown) => (isTensorText(value) ? tensorOf(value) : value));
}

function tensorText(tensor: Tensor): TensorText {
  const { buffer, byteOffset, byteLength } = encode(tensor);
  return { $tsr: Buffer.from(buffer, byteOffset, byteLength).toString("base64") };
}

function tensorOf({ $tsr }: TensorText): Tensor {
  return decode(Buffer.from($tsr, "base64"));
}

function isTensorText(value: unknown): value is TensorText {
  if (typeof value !== "object" || value === null || !("$tsr" in value)) return false;
  return typeof value.$tsr === "string" && Object.keys(value).length === 1;
}

/** What JSON.stringify would leave out, or turn into something else. */
function faultOf(value: unknown): string | undefined {
  if (typeof value === "number" && !Number.isFinite(value)) return String(value);
  if (["bigint", "function", "symbol"].includes(typeof value)) return `a ${typeof value}`;
  if (typeof value !== "object" || value === null || Array.isArray(value)) return undefined;
  const prototype = Object.getPrototypeOf(value);
  const isForeign = ArrayBuffer.isView(value) || value instanceof ArrayBuffer;
  if (isForeign || value instanceof Map || value instanceof Set)
    return `a ${prototype.constructor.name}`;
  return undefined;
}
