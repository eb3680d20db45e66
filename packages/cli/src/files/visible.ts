/**
 * Names and texts come from a stranger's file: none may steer the terminal, or make a text look like another.
 * Characters that are not shown become `\u{…}`.
 */
export function visible(text: string): string {
  return text.replace(
    /[\p{C}\p{Zl}\p{Zp}]/gu,
    (character) => `\\u{${character.codePointAt(0)?.toString(16)}}`,
  );
}
