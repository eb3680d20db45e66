type Gone = () => void;

const registry = new FinalizationRegistry<Gone>((gone) => gone());
const lent = new WeakMap<ArrayBuffer, Gone>();
const realTransfer = ArrayBuffer.prototype.transfer;

/**
 * Watches over a buffer whose memory is not its own: `gone` is called once nothing can reach it any more,
 * by garbage collection or by {@link releaseBuffer}. The memory must not move into another buffer, of
 * which nothing would be known: its `transfer()` copies, and `structuredClone` and `postMessage` refuse to
 * transfer external memory. (`markAsUntransferable` would make Node abort at its end: it detaches every
 * external buffer then, and that makes them undetachable.)
 */
export function lendBuffer(buffer: ArrayBuffer, gone: Gone): void {
  const transfer = function (this: ArrayBuffer, newLength = this.byteLength): ArrayBuffer {
    const copy = new ArrayBuffer(newLength);
    new Uint8Array(copy).set(new Uint8Array(this, 0, Math.min(newLength, this.byteLength)));
    releaseBuffer(this);
    return copy;
  };
  Object.defineProperties(buffer, {
    transfer: { value: transfer },
    transferToFixedLength: { value: transfer },
  });
  lent.set(buffer, gone);
  registry.register(buffer, gone, buffer);
}

/**
 * Makes the buffer and every view of it empty, and gives its memory back. False: it is not, or no longer,
 * such a buffer; one that was detached by other means may live on elsewhere, and is never given back.
 */
export function releaseBuffer(buffer: ArrayBuffer): boolean {
  const gone = lent.get(buffer);
  if (gone === undefined) return false;
  lent.delete(buffer);
  registry.unregister(buffer);
  if (buffer.detached) return false;
  realTransfer.call(buffer, 0);
  gone();
  return true;
}
