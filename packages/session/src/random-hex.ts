/**
 * Random digits for a name that another name must not have. It is no secret: the folders are this
 * user's alone. So not by `node:crypto`, whose import takes longer than everything of ours here.
 *
 * @param digits a multiple of 8
 */
export function randomHex(digits: number): string {
  let hex = "";
  while (hex.length < digits) {
    hex += Math.floor(Math.random() * 2 ** 32)
      .toString(16)
      .padStart(8, "0");
  }
  return hex;
}
