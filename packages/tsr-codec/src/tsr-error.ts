/** Every code a {@link TsrError} can carry; another one is a new major version. */
export type TsrErrorCode =
  | "TSR_TRUNCATED"
  | "TSR_BAD_MAGIC"
  | "TSR_BAD_VERSION"
  /** Also a text header of npy or safetensors that is not of the format. */
  | "TSR_BAD_HEADER_SIZE"
  | "TSR_BAD_RESERVED"
  | "TSR_BAD_CRC"
  | "TSR_BAD_DTYPE"
  | "TSR_BAD_MODE"
  | "TSR_BAD_NDIM"
  | "TSR_BAD_DIMENSION"
  | "TSR_BAD_COUNT"
  | "TSR_TOO_LARGE"
  | "TSR_BAD_OFFSET"
  | "TSR_TRAILING_BYTES"
  | "TSR_BAD_COMPRESSION"
  /** The caller passed something that is not a tensor, or an option out of its range. */
  | "TSR_INVALID_ARGUMENT";

/** What a field held, or should have held. */
export type FieldValue = string | number | bigint;

export interface TsrErrorDetails {
  /** The header field, argument or part of the file at fault, e.g. `total_elements`. */
  field: string;
  expected: FieldValue;
  found: FieldValue;
  /** One sentence with the way out, where there is one. */
  remedy?: string | undefined;
  cause?: unknown;
}

// A registered symbol, so that an error made by another copy of this package is recognised.
const marker = Symbol.for("@tr/tsr-codec/TsrError");

/** Bytes that are not what they claim to be, or an argument that is not a tensor. */
export class TsrError extends Error {
  declare readonly code: TsrErrorCode;
  declare readonly field: string;
  declare readonly expected: FieldValue;
  declare readonly found: FieldValue;

  constructor(code: TsrErrorCode, { remedy, cause, ...facts }: TsrErrorDetails) {
    const { field, expected, found } = facts;
    super(
      `${code}: ${field}: expected ${expected}, found ${found}.${remedy ? ` ${remedy}` : ""}`,
      cause ? { cause } : undefined,
    );
    Object.assign(this, { name: "TsrError", code, ...facts });
  }

  get [marker](): true {
    return true;
  }

  /** Whether `value` is a TsrError, of this or any other copy of the package. */
  static is(value: unknown): value is TsrError {
    return (value as Partial<TsrError> | null | undefined)?.[marker] === true;
  }
}

export function refuse(
  code: TsrErrorCode,
  field: string,
  expected: FieldValue,
  found: FieldValue,
  remedy?: string,
): TsrError {
  return new TsrError(code, { field, expected, found, remedy });
}

/** A fault of the caller, not of the bytes. */
export function invalidArgument(
  field: string,
  expected: FieldValue,
  found: FieldValue,
  remedy?: string,
): TsrError {
  return refuse("TSR_INVALID_ARGUMENT", field, expected, found, remedy);
}

export function truncated(field: string, expected: number | bigint, found: number): TsrError {
  const remedy = "Read all of the file.";
  return refuse("TSR_TRUNCATED", field, `${expected} bytes`, found, remedy);
}

export function trailing(expected: number | bigint, found: number): TsrError {
  return refuse("TSR_TRAILING_BYTES", "payload", `${expected} bytes in all`, found);
}

export function tooLarge(found: number | bigint, maxBytes: number): TsrError {
  const remedy = "Raise maxBytes if the source is trusted.";
  return refuse("TSR_TOO_LARGE", "maxBytes", `at most ${maxBytes} bytes`, found, remedy);
}
