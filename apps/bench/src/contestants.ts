import { installNpm, installPypi } from "./install.js";
import type { Machine } from "./machine.js";
import type { AnyKind } from "./peer.js";
import type { PlaceData } from "./place.js";

export interface Contestant {
  readonly kind: AnyKind;
  readonly place: PlaceData;
  /** Why it cannot take part. */
  readonly missing?: string | undefined;
}

/** Installs what the chosen peers need and is not there yet. One that cannot be had is left out, with the reason. */
export function contestantsOf(kinds: readonly AnyKind[], { python, tag }: Machine): Contestant[] {
  const wanted = kinds.filter(({ unavailable }) => unavailable?.() === undefined);
  const npm = wanted.some((kind) => kind.npm !== undefined) ? installNpm() : undefined;
  return kinds.map((kind) => {
    const why = kind.unavailable?.();
    if (why !== undefined) return { kind, place: { python }, missing: why };
    const pypi = kind.pypi && installPypi(python, tag, kind.pypi);
    const missing = (kind.npm === undefined ? undefined : npm?.reason) ?? pypi?.reason;
    return { kind, place: { python, npm: npm?.folder, pypi: pypi?.folder }, missing };
  });
}
