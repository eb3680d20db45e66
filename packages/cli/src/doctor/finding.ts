/** One line of the doctor's. */
export interface Finding {
  /** `note`: works without, perhaps slower or not for every script. `bad`: no session works. */
  readonly level: "fine" | "note" | "bad";
  readonly about: string;
  readonly text: string;
  /** What to do about it. */
  readonly mend?: string;
}

export interface Target {
  /** A `.venv` is looked for from its folder upward. */
  readonly script: string | undefined;
  readonly python: string | undefined;
}

/** In the unit that people use for it. */
export function size(bytes: number): string {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  const power = Math.min(Math.floor(Math.log2(Math.max(bytes, 1)) / 10), units.length - 1);
  return `${(bytes / 1024 ** power).toFixed(power === 0 ? 0 : 1)} ${units[power]}`;
}
