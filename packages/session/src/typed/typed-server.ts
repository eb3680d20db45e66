/** The value that a generated module exports as `server`: how to call each command of a script, and what to hold its worker to. */
export interface TypedServer<Api> {
  /** Of all signatures. */
  readonly hash: string;
  readonly commands: Readonly<Record<keyof NoInfer<Api>, TypedCommand>>;
  /** Carries the interface from a generated module to `as`; never there at run time. */
  readonly api?: Api;
}

/** How the arguments of a typed call become those of the Python function. A list that is not there is empty. */
export interface TypedCommand {
  readonly kind: "function" | "stream";
  /** Of this command's signature. */
  readonly hash: string;
  /** The required parameters that go by position. */
  readonly args?: readonly string[];
  /** The required parameters that Python takes by keyword only: in a typed call they follow `args`. */
  readonly keywords?: readonly string[];
  /** What the options object may hold. */
  readonly options?: readonly string[];
  /** Those of `options` that Python takes by position only. */
  readonly positional?: readonly string[];
  /** Those of `options` that must go by position when `rest` is given. */
  readonly beforeRest?: readonly string[];
  /** The option whose array follows by position: `*rest`. */
  readonly rest?: string;
  /** The option whose properties are further keyword arguments: `**more`. */
  readonly more?: string;
}
