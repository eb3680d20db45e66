export function ms(seconds: number | undefined): number | undefined {
  return seconds === undefined ? undefined : Math.round(seconds * 1000);
}

/** Without what is `undefined`: an option that is not given has its default. */
export function given<Options extends object>(
  options: {
    [Name in keyof Options]: Options[Name] | undefined;
  },
): Options {
  return Object.fromEntries(
    Object.entries(options).filter(([, value]) => value !== undefined),
  ) as Options;
}
