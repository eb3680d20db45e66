import type { FileChannel } from "@tr/file-channel";
import type { Response } from "@tr/protocol";
import { TrError } from "@tr/protocol/errors";
import { decode, encodeHeader, payloadBytes, type Tensor, TsrError } from "@tr/tsr-codec";

/** A tensor on its way to the worker, checked and with its header made. */
export interface TensorFile {
  readonly tag: string;
  readonly tensor: Tensor;
  readonly header: Uint8Array;
}

/** What every worker of the older dialects can read. */
const levelOneDtypes = ["float32", "int8", "int32"];

/**
 * Checks a tensor before anything is written.
 *
 * @throws TrError `TR_INVALID_ARGUMENT` when it is no tensor or does not fit its shape, `TR_UNSUPPORTED_DTYPE`
 * when the worker's protocol level has no such dtype.
 */
export function tensorFile(tag: string, tensor: Tensor, level: 1 | 2, what: string): TensorFile {
  let header: Uint8Array;
  try {
    header = encodeHeader(tensor);
  } catch (cause) {
    if (!TsrError.is(cause)) throw cause;
    assertThere(tensor, what);
    throw new TrError("TR_INVALID_ARGUMENT", `${what}: ${cause.message}`, { cause });
  }
  if (level === 1 && !levelOneDtypes.includes(tensor.dtype)) {
    throw new TrError(
      "TR_UNSUPPORTED_DTYPE",
      `${what}: this worker speaks protocol level 1, which has ${levelOneDtypes.join(", ")} and not ${tensor.dtype}. Convert the tensor, or use a worker of level 2.`,
      { dtype: tensor.dtype, supported: levelOneDtypes },
    );
  }
  if (level === 1 && tensor.shape.length > 4) {
    throw new TrError(
      "TR_NEEDS_LEVEL_2",
      `${what}: this worker speaks protocol level 1, which has at most 4 dimensions, not ${tensor.shape.length}`,
    );
  }
  return { tag, tensor, header };
}

/** @throws TrError `TR_INVALID_ARGUMENT` for a tensor whose memory was given away */
export function assertThere({ data, shape }: Tensor, what: string): void {
  const { buffer } = data;
  if (!(buffer instanceof ArrayBuffer && buffer.detached) || shape.includes(0)) return;
  throw new TrError(
    "TR_INVALID_ARGUMENT",
    `${what}: expected ${shape.join(" × ") || "one"} elements, found an empty array: the tensor was released, or its buffer transferred`,
  );
}

export async function writeTensors(
  channel: FileChannel,
  files: readonly TensorFile[],
  signal?: AbortSignal,
): Promise<void> {
  for (const { tag, header, tensor } of files) {
    assertThere(tensor, `the tensor ${tag}`);
    await channel.write(`${tag}.tsr`, [header, payloadBytes(tensor)], {
      ...(signal && { signal }),
    });
  }
}

/** Reads and deletes `<tag>.tsr`; `undefined` when it is not there. The data is a view on memory that nobody else has. */
export async function takeTensor(channel: FileChannel, tag: string): Promise<Tensor | undefined> {
  const bytes = await channel.take(`${tag}.tsr`);
  if (bytes === undefined) return undefined;
  try {
    return decode(bytes, { copy: false, maxBytes: Number.POSITIVE_INFINITY });
  } catch (cause) {
    throw new TrError("TR_PROTOCOL", `${tag}.tsr: ${(cause as Error).message}`, { cause });
  }
}

/** @throws TrError `TR_PROTOCOL` when one of them is missing or broken. */
export async function takeTensors(
  channel: FileChannel,
  tags: readonly string[],
): Promise<Map<string, Tensor>> {
  const tensors = new Map<string, Tensor>();
  for (const tag of tags) {
    const tensor = await takeTensor(channel, tag);
    if (tensor === undefined) {
      throw new TrError(
        "TR_PROTOCOL",
        `the answer names the tensor ${tag}, but there is no ${tag}.tsr`,
      );
    }
    tensors.set(tag, tensor);
  }
  return tensors;
}

export function removeTensors(channel: FileChannel, tags: readonly string[]): void {
  for (const tag of tags) channel.removeSync(`${tag}.tsr`);
}

/**
 * The tags of an answer's tensors. Dialect 1 gives them as its text, which is tags only if such files
 * are there; its workers write several, `r0`, `r1`, …, without anything between.
 */
export function tagsOf(response: Response, channel: FileChannel): readonly string[] {
  if (response.tensors.length > 0 || response.level === 2 || response.text === "") {
    return response.tensors;
  }
  const isRunTogether = /^r0(r\d+)+$/.test(response.text);
  const words = response.text.split(isRunTogether ? /(?=r)/ : /[\s,]+/);
  const areTags = words.every((word) => /^[A-Za-z0-9_-]{1,64}$/.test(word));
  return areTags && words.every((word) => channel.exists(`${word}.tsr`)) ? words : [];
}
