import { TrError } from "@tr/protocol/errors";
import { type Dtype, isTensor, type Tensor, TsrError, zeros } from "@tr/tsr-codec";
import { SessionCore } from "./session-core.js";

/** Of tensors for which there was no shared memory. */
const ordinary = new WeakSet<ArrayBufferLike>();

/** Tensors in memory that the worker sees as well. */
export abstract class TensorMemory extends SessionCore {
  /**
   * A tensor for arguments, in memory that the worker sees as well: it is sent without a copy, as are
   * parts of it that begin at a multiple of 64 bytes. Its content is whatever was there before. What
   * Python writes into it is seen here, and a function that returns its argument gives this very memory back.
   *
   * The memory is the caller's until {@link release}, or until nothing refers to it any more. It lives on
   * when the worker has ended; another worker gets a copy.
   *
   * Where the worker's memory is not mapped into this process (`info.transport` is not `"mapped"`), and
   * when 20 are in use, it is an ordinary tensor, of zeros: everything works the same, but for Python's
   * writing into it. Use what the call returns.
   *
   * @param shape one whole number ≥ 0 per dimension, at most 32; `[]` for a single value
   * @param dtype default `"float32"`
   * @throws TrError `TR_INVALID_ARGUMENT`, `TR_WORKSPACE_FULL` (there is not so much memory), `TR_NOT_STARTED`,
   * `TR_SESSION_CLOSED`, or the error of the crash
   */
  allocate<D extends Dtype = "float32">(
    shape: readonly number[],
    dtype: D = "float32" as D,
  ): Tensor<D> {
    const { connection } = this.runningNow().transport;
    const shared = connection?.tensors.allocate(shape, dtype);
    return (shared ?? ordinaryTensor(shape, dtype)) as Tensor<D>;
  }

  /**
   * Gives the memory of a tensor back at once: of one from {@link allocate}, or of a result that lies in shared
   * memory. Its `data`, and every other view of that memory, is empty from then on. To be called when no
   * call with it is under way.
   *
   * @returns false, and nothing happens: it is an ordinary tensor, or was released before
   * @throws TrError `TR_INVALID_ARGUMENT`: it is no tensor
   */
  release(tensor: Tensor): boolean {
    if (!isTensor(tensor)) {
      throw new TrError("TR_INVALID_ARGUMENT", `tensor: expected a tensor, found ${typeof tensor}`);
    }
    const { buffer } = tensor.data;
    if (!(buffer instanceof ArrayBuffer) || buffer.detached) return false;
    // Buffers over shared memory have a `transfer` of their own, which gives it back (see lent-buffers.ts there).
    if (!ordinary.has(buffer) && !Object.hasOwn(buffer, "transfer")) return false;
    buffer.transfer(0);
    return true;
  }
}

function ordinaryTensor(shape: readonly number[], dtype: Dtype): Tensor {
  try {
    const made = zeros(shape, dtype);
    ordinary.add(made.data.buffer);
    return made;
  } catch (cause) {
    const { message } = cause as Error;
    if (TsrError.is(cause)) throw new TrError("TR_INVALID_ARGUMENT", message, { cause });
    if (!(cause instanceof RangeError)) throw cause;
    throw new TrError(
      "TR_WORKSPACE_FULL",
      `a tensor of ${dtype} and shape [${shape}]: there is not so much memory: ${message}`,
      { cause },
    );
  }
}
