import type { FileChannel, ReadOptions } from "./file-channel.js";
import { toPieces } from "./file-data.js";
import { checkFileName, checkNewFileName } from "./file-name.js";
import { tooLarge } from "./translate-error.js";
import { WaitQueue } from "./wait-queue.js";

/** A channel without a disk, for tests: both sides use the same object. It copies what it is given. */
export function createMemoryChannel(): FileChannel {
  const directory = "memory:";
  const files = new Map<string, Uint8Array>();
  const waits = new WaitQueue(() => {});

  const writeSync: FileChannel["writeSync"] = (name, data) => {
    checkNewFileName(name);
    const { views, bytes } = toPieces(data);
    const content = new Uint8Array(bytes);
    let offset = 0;
    for (const view of views) {
      content.set(view, offset);
      offset += view.byteLength;
    }
    files.set(name, content);
    waits.hint();
  };
  const read = (name: string, { maxBytes }: ReadOptions = {}): Uint8Array | undefined => {
    checkFileName(name);
    const content = files.get(name);
    if (content !== undefined && maxBytes !== undefined && content.byteLength > maxBytes) {
      throw tooLarge(name, directory, content.byteLength, maxBytes);
    }
    return content;
  };
  const removeSync = (name: string): boolean => {
    checkFileName(name);
    const removed = files.delete(name);
    if (removed) waits.hint();
    return removed;
  };
  const takeSync: FileChannel["takeSync"] = (name, options) => {
    const content = read(name, options);
    if (content !== undefined) {
      removeSync(name);
      waits.hit();
    }
    return content;
  };

  return {
    directory,
    notifications: "on",
    writeSync,
    async write(name, data, { signal } = {}) {
      signal?.throwIfAborted();
      writeSync(name, data);
    },
    readSync: (name, options) => read(name, options)?.slice(),
    takeSync,
    async take(name, options) {
      options?.signal?.throwIfAborted();
      return takeSync(name, options);
    },
    reuseFiles() {},
    listenTo() {},
    exists(name) {
      checkFileName(name);
      return files.has(name);
    },
    removeSync,
    list: () => [...files.keys()].sort(),
    waitFor: (look, options) => waits.waitFor(look, options),
    onHint: (listener) => waits.onHint(listener),
    close: () => waits.close(),
  };
}
