const codes = { red: 31, green: 32, yellow: 33 } as const;

/** Colours `text` when it goes to a terminal whose user has not said no: https://no-color.org */
export function paint(
  colour: keyof typeof codes,
  text: string,
  stream: { isTTY?: boolean },
  env: NodeJS.ProcessEnv = process.env,
): string {
  if (stream.isTTY !== true || env.NO_COLOR) return text;
  return `\x1b[${codes[colour]}m${text}\x1b[39m`;
}
