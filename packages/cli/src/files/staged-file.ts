import { randomUUID } from "node:crypto";
import { type FileHandle, open, realpath, rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { FileError } from "./file-error.js";

/** A file that appears under its name when it is whole, or not at all. */
export class StagedFile {
  readonly handle: FileHandle;
  readonly #temporary: string;
  readonly #path: string;
  readonly #force: boolean;

  private constructor(handle: FileHandle, temporary: string, path: string, force: boolean) {
    this.handle = handle;
    this.#temporary = temporary;
    this.#path = path;
    this.#force = force;
  }

  /** @throws FileError `TR_FILE_EXISTS` */
  static async create(path: string, force: boolean): Promise<StagedFile> {
    const mode = await checkTarget(path, force);
    // What a link points to is written, not the link.
    const target = mode === undefined ? path : await realpath(path);
    const temporary = join(dirname(target), `.tr-${randomUUID()}.tmp`);
    const handle = await open(temporary, "wx", mode);
    return new StagedFile(handle, temporary, target, force);
  }

  /** All is written. */
  async complete(): Promise<void> {
    await this.handle.sync();
    await this.handle.close();
  }

  /** @throws FileError `TR_FILE_EXISTS` for one that has appeared meanwhile */
  async publish(): Promise<void> {
    await checkTarget(this.#path, this.#force);
    await rename(this.#temporary, this.#path);
  }

  /** Removes it, unless it has been published. */
  async discard(): Promise<void> {
    await this.handle.close();
    await rm(this.#temporary, { force: true });
  }
}

/**
 * The permissions of what is there, for what replaces it; undefined when nothing is.
 * @throws FileError `TR_FILE_EXISTS`, `TR_NOT_A_FILE`
 */
export async function checkTarget(path: string, force: boolean): Promise<number | undefined> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    if (error.code !== "ENOENT") throw error;
    return undefined;
  });
  if (found === undefined) return undefined;
  if (!found.isFile()) throw new FileError("TR_NOT_A_FILE", `${path} is there, and no file`);
  if (!force) {
    throw new FileError("TR_FILE_EXISTS", `${path} is there already. --force writes over it.`);
  }
  return found.mode & 0o777;
}
