/** Time as the core sees it; a test passes one that it moves itself. All in milliseconds. */
export interface Clock {
  /** Since 1970: it is also what clients are told. */
  now(): number;
  setTimeout(run: () => void, delayMs: number): Alarm;
}

export interface Alarm {
  cancel(): void;
}

export const systemClock: Clock = {
  now: Date.now,
  setTimeout(run, delayMs) {
    const timer = setTimeout(run, delayMs);
    return { cancel: () => clearTimeout(timer) };
  },
};
