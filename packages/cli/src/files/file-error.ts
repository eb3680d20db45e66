import { TsrError, type TsrErrorCode } from "@tr/tsr-codec";
import { visible } from "./visible.js";

export type FileErrorCode =
  /** No regular file. */
  | "TR_NOT_A_FILE"
  /** No tensor file that is known, or an output whose name does not say which it shall be. */
  | "TR_UNKNOWN_FORMAT"
  /** Something is there already. */
  | "TR_FILE_EXISTS"
  /** More tensors than the output holds. */
  | "TR_SEVERAL_TENSORS"
  /** No tensor of that name, or none at all. */
  | "TR_NO_SUCH_TENSOR"
  /** What the file itself has wrong, or its dtype is not one of the output's. */
  | TsrErrorCode;

/** A file that cannot be read as it is, or written where it was to go. */
export class FileError extends Error {
  override readonly name = "FileError";
  readonly code: FileErrorCode;

  constructor(code: FileErrorCode, message: string, cause?: unknown) {
    super(`${code}: ${visible(message)}`, cause === undefined ? undefined : { cause });
    this.code = code;
  }
}

/** `read()`, with the file's name in what it refuses, and no advice on functions that a shell does not have. */
export async function inFile<T>(path: string, read: () => T | Promise<T>): Promise<T> {
  try {
    return await read();
  } catch (error) {
    if (!TsrError.is(error)) throw error;
    const { code, field, expected, found } = error;
    throw new FileError(code, `${path}: ${field}: expected ${expected}, found ${found}`, error);
  }
}
