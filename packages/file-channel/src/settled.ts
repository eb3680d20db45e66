/**
 * The result of one of `node:fs`'s functions with a callback. Not `promisify`: importing `node:util`
 * takes as long as everything of ours in this package, and every start of a program waits for it.
 */
export function settled<T>(
  begin: (done: (error: Error | null, result?: T) => void) => void,
): Promise<T> {
  return new Promise((resolve, reject) => {
    begin((error, result) => {
      if (error) reject(error);
      else resolve(result as T);
    });
  });
}
