import { createRequire } from "node:module";

/** Memory of another process's making, or of ours for another process, as this process sees it. */
export interface Mapping {
  readonly address: number;
  readonly size: number;
}

/** The few functions of the C library that shared memory needs and Node does not have. */
export interface Native {
  /**
   * A memory file of this size that nobody can cut: a mapping of it is there for as long as it is
   * mapped. Its pages are really taken. Gone when nobody has it open or mapped.
   *
   * @returns its descriptor, for `node:fs`
   * @throws an error with `code`, `"ENOSPC"` or `"ENOMEM"` where the memory is not there
   */
  createMemoryFile(size: number): number;
  /** Whether a descriptor is a memory file that cannot be cut below its size. */
  isSealed(fd: number): boolean;
  /** @throws an error with `code` */
  map(fd: number, size: number): Mapping;
  unmap(mapping: Mapping): void;
  /** A new ArrayBuffer over mapped memory. Using it after `unmap` ends the process. */
  view(mapping: Mapping, offset: number, length: number): ArrayBuffer;
  /** Lets other processes use this processor core first. */
  yield(): void;
}

/** linux/memfd.h, linux/fcntl.h, asm-generic/mman-common.h: the same on every architecture that Node runs on. */
const MFD_CLOEXEC = 1;
const MFD_ALLOW_SEALING = 2;
const F_ADD_SEALS = 1033;
const F_GET_SEALS = 1034;
const F_SEAL_SEAL = 1;
const F_SEAL_SHRINK = 2;
const F_SEAL_GROW = 4;
const PROT_READ_WRITE = 3;
const MAP_SHARED = 1;
const MAP_POPULATE = 0x8000;

type Koffi = typeof import("koffi");
let loaded: Native | string | undefined;

/**
 * What koffi and this platform make possible, or the reason why not. Loading takes about 10 ms, once.
 *
 * Linux only. macOS has no memory file without a name, and a name outlives a process that is killed;
 * Windows does not promise that a mapping and a read of the file show the same.
 */
export function loadNative(): Native | string {
  loaded ??= tryToLoad();
  return loaded;
}

function tryToLoad(): Native | string {
  if (process.platform !== "linux") return `not on ${process.platform}`;
  try {
    const koffi = createRequire(import.meta.url)("koffi") as Koffi;
    return bind(koffi);
  } catch (error) {
    // Not installed (it is optional), not built for this machine, or a runtime without external memory.
    return `koffi: ${(error as Error).message.split("\n")[0]}`;
  }
}

function bind(koffi: Koffi): Native {
  const libc = koffi.load(null);
  const memfdCreate = libc.func("int memfd_create(const char *name, unsigned int flags)");
  const fcntl = libc.func("int fcntl(int fd, int command, ...)");
  const fallocate = libc.func("int posix_fallocate(int fd, int64_t offset, int64_t length)");
  const mmap = libc.func(
    "intptr_t mmap(intptr_t address, size_t length, int protection, int flags, int fd, int64_t offset)",
  );
  const munmap = libc.func("int munmap(intptr_t address, size_t length)");
  const close = libc.func("int close(int fd)");
  const schedYield = libc.func("int sched_yield()");
  const names = new Map(Object.entries(koffi.os.errno).map(([name, code]) => [code, name]));
  const failed = (call: string, errno: number): Error => {
    const code = names.get(errno) ?? `errno ${errno}`;
    return Object.assign(new Error(`${call}: ${code}`), { code });
  };
  return {
    createMemoryFile(size) {
      const fd = memfdCreate("tech-renaissance", MFD_CLOEXEC | MFD_ALLOW_SEALING);
      if (fd < 0) throw failed("memfd_create", koffi.errno());
      const errno = fallocate(fd, 0, size);
      const isFull = errno !== 0;
      const seals = F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_SEAL;
      if (!isFull && fcntl(fd, F_ADD_SEALS, "int", seals) === 0) return fd;
      const error = isFull ? failed("posix_fallocate", errno) : failed("fcntl", koffi.errno());
      close(fd);
      throw error;
    },
    isSealed(fd) {
      const seals = fcntl(fd, F_GET_SEALS, "int", 0);
      return seals >= 0 && (seals & F_SEAL_SHRINK) !== 0;
    },
    map(fd, size) {
      const address = mmap(0, size, PROT_READ_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
      if (address === -1) throw failed("mmap", koffi.errno());
      return { address, size };
    },
    unmap({ address, size }) {
      munmap(address, size);
    },
    view: ({ address }, offset, length) => koffi.view(address + offset, length),
    yield() {
      schedYield();
    },
  };
}
