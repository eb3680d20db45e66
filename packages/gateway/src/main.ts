import { createLog } from "./log.js";
import { serve } from "./serve.js";

/**
 * {@link serve} as a program: a failure is a line of the log. Resolves to the exit code, 0 after SIGTERM
 * or Ctrl-C and 1 for a failure.
 */
export async function main(file: string): Promise<number> {
  try {
    await serve(file);
    return 0;
  } catch (error) {
    createLog().fatal({ err: error }, (error as Error).message);
    return 1;
  }
}
