import type { AnyKind, Peer } from "./peer.js";
import type { Place } from "./place.js";

/** One figure of a work. The first of a work is the one that peers are compared by. */
export interface Metric {
  readonly key: string;
  /** Head of its column. */
  readonly title: string;
  readonly unit: string;
  readonly better: "lower" | "higher";
}

export interface Round {
  readonly figures: Readonly<Record<string, number>>;
  /** How many times each of `buckets` was reached. */
  readonly histogram?: readonly number[];
}

/** What a work is begun with, in a lane's process. */
export interface Seat {
  readonly kind: AnyKind;
  readonly place: Place;
  readonly quick: boolean;
  /** The lane's peer, started when it is first asked for and stopped with the lane. */
  peer(): Promise<Peer>;
}

/** A work begun with one peer, in a process of its own. */
export interface Running {
  round(): Promise<Round>;
  end?(): Promise<void>;
}

export interface Work {
  /** On the command line and in the JSON. */
  readonly name: string;
  readonly title: string;
  readonly metrics: readonly Metric[];
  /** A first round does not count: code is compiled, memory and caches are warm. */
  readonly warmsUp: boolean;
  /** It has one round, whatever was asked for. */
  readonly once?: boolean;
  /** One round is enough with `--quick`: it takes long. */
  readonly onceIfQuick?: boolean;
  /** With `once`, which is for what is not about time: all peers at the same time, not only as many as there are cores. */
  readonly together?: "all";
  /** It wants a process in which nothing has been done yet: elsewhere `--quick` goes on with the one it has. */
  readonly isFresh?: boolean;
  /** Whom it is for. Default: everybody who can be called, but for what is another row where there are no arrays. */
  takes?(kind: AnyKind): boolean;
  /** Why this kind is left out. */
  skips(kind: AnyKind, quick: boolean): string | undefined;
  begin(seat: Seat): Promise<Running>;
}

const linuxOnly = "memory and processor time of a process are read from /proc, which is Linux's";
export const needsProc = (): string | undefined =>
  process.platform === "linux" ? undefined : linuxOnly;
