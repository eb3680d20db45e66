import type { Place } from "./place.js";

/** One way to reach Python, opened: a worker process and the way to talk to it. Every answer is checked by the caller. */
export interface Peer {
  start(): Promise<void>;
  /** A text of about 50 bytes there and back. */
  echo(text: string): Promise<string>;
  /** float32 values there, their squares by numpy back in an array of the caller's own. */
  square(values: Float32Array): Promise<Float32Array>;
  stop(): Promise<void>;
  /** Memory for inputs that Python sees as well, from a peer that has such. Default: an ordinary array. */
  input?(floats: number): Float32Array;
  /** An answer, looked at, is of no more use. The clock runs for it. */
  release?(squared: Float32Array): void;
  /** A call of `echo` or `square` that says when it was where. */
  stamped?<T extends string | Float32Array>(content: T): Promise<Stamped<T>>;
  /** Where its files are, if they are memory that no process is charged for. */
  readonly directory?: string | undefined;
}

/** Moments of one call, in ns of the system's monotonic clock, which both processes read. */
export interface Stamped<T> {
  readonly startNs: number;
  /** `call` has returned its promise. */
  readonly calledNs: number;
  /** The Python function has begun. */
  readonly enteredNs: number;
  readonly leftNs: number;
  readonly endNs: number;
  readonly answer: T;
}

/** What nothing that sends arrays can undercut: it squares or copies in one process and times itself. */
export interface Reference {
  start(): Promise<void>;
  timeMs(floats: number, calls: number): Promise<number[]>;
  stop(): Promise<void>;
}

interface Kind {
  /** On the command line and in the JSON. */
  readonly name: string;
  /** In the table. */
  readonly title: string;
  /** Packages that the bench installs for it, see `peers/`. */
  readonly npm?: string;
  readonly pypi?: readonly string[];
  /** Why it cannot run on this system at all. */
  readonly unavailable?: () => string | undefined;
}

export interface PeerKind extends Kind {
  readonly group: "session" | "peer";
  /** Its arrays travel as text; at 64 MiB a call takes seconds: `--quick` leaves that out. */
  readonly isText?: boolean;
  /** It differs from another row in how arrays get there and in nothing else: only works with arrays have it. */
  readonly isForArrays?: boolean;
  /** It can have only one worker in a program. */
  readonly isSingle?: boolean;
  open(place: Place): Peer;
}

export interface ReferenceKind extends Kind {
  /** `codec`: our own tensor files, which no process is needed for. */
  readonly group: "reference" | "codec";
  open(place: Place): Reference;
}

/** An agent behind HTTP, asked by `POST /chat`, or a tool, by `POST /api/v1/execute`. */
export interface ServerKind extends Kind {
  readonly group: "server";
  readonly serves: "chat" | "execute";
  open(place: Place): Server;
}

export interface Server {
  /** Resolves to the address. */
  start(): Promise<string>;
  stop(): Promise<void>;
}

export type AnyKind = PeerKind | ReferenceKind | ServerKind;

/** Several peers want Unix sockets, which Python does not have on Windows. */
export const needsUnixSockets = (): string | undefined =>
  process.platform === "win32" ? "Python has no Unix sockets on Windows" : undefined;
