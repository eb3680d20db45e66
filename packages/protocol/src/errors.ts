import type { TrErrorCode, TrErrorFields } from "./error-codes.js";

export {
  type Stopped,
  type TrErrorCode,
  type TrErrorFieldMap,
  type TrErrorFields,
  trErrorCodes,
} from "./error-codes.js";

// Two copies of this package may be installed at once, and an error may come from another realm (a
// vm context, a test runner): `instanceof` fails there, a registered symbol does not.
const marker: unique symbol = Symbol.for("tech-renaissance.TrError") as never;

/** Any {@link TrError}; a `switch` over `code` narrows to the fields of that code. */
export type AnyTrError = { [C in TrErrorCode]: TrError<C> & TrErrorFields<C> }[TrErrorCode];

/**
 * The one error class of all packages. `code` says what happened, `message` says it to a person and
 * names the remedy, `cause` is the error underneath, and the fields of the code (see
 * `TrErrorFieldMap`) are properties of the error itself.
 *
 * @example
 * if (TrError.is(error, "TR_PYTHON_ERROR")) console.error(error.pythonTraceback);
 */
export class TrError<C extends TrErrorCode = TrErrorCode> extends Error {
  readonly code: C;

  constructor(code: C, message: string, fields?: TrErrorFields<C> & { cause?: unknown }) {
    const { cause, ...rest }: { cause?: unknown } = fields ?? {};
    super(message, fields && "cause" in fields ? { cause } : undefined);
    Object.assign(this, rest);
    this.code = code;
  }

  /** Whether `value` is a TrError, of this or of another copy of the package; with `code`: of that code. */
  static is(value: unknown): value is AnyTrError;
  static is<C extends TrErrorCode>(value: unknown, code: C): value is TrError<C> & TrErrorFields<C>;
  static is(value: unknown, code?: TrErrorCode): boolean {
    if (typeof value !== "object" || value === null || !(marker in value)) return false;
    return code === undefined || (value as { code?: unknown }).code === code;
  }
}

// On the prototype: no cost per error, and neither shows when an error is printed.
Object.defineProperties(TrError.prototype, {
  [marker]: { value: true },
  name: { value: "TrError", writable: true, configurable: true },
});
