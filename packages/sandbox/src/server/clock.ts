/** Time as the core sees it; a test passes one that it moves itself. All in milliseconds. */
export interface Clock {
  /** For measuring: never jumps. */
  now(): number;
  /** Since 1970: for telling. */
  date(): number;
  setTimeout(run: () => void, delayMs: number): Alarm;
}

export interface Alarm {
  cancel(): void;
}

/** What Node's timers can wait for: 24.8 days; anything longer they would end at once. */
const longestDelayMs = 2 ** 31 - 1;

export const systemClock: Clock = {
  now: () => performance.now(),
  date: () => Date.now(), // for timestamps alone
  setTimeout(run, delayMs) {
    const timer = setTimeout(run, Math.min(delayMs, longestDelayMs));
    return { cancel: () => clearTimeout(timer) };
  },
};

/** Resolves to true when the promise is settled in time. */
export function settlesWithin(
  clock: Clock,
  promise: Promise<unknown>,
  ms: number,
): Promise<boolean> {
  return new Promise((resolve) => {
    const alarm = clock.setTimeout(() => resolve(false), ms);
    const done = () => {
      alarm.cancel();
      resolve(true);
    };
    promise.then(done, done);
  });
}
