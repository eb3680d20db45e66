import { constants } from "node:os";

/**
 * Runs `work`, whose signal aborts at Ctrl-C and SIGTERM; then the exit code is the one that shells expect,
 * 128 and the signal's number.
 */
export async function interruptible(
  work: (signal: AbortSignal) => Promise<number>,
): Promise<number> {
  const controller = new AbortController();
  let code = 1;
  const onSignal = (name: "SIGINT" | "SIGTERM") => {
    code = 128 + constants.signals[name];
    controller.abort();
  };
  process.once("SIGINT", onSignal).once("SIGTERM", onSignal);
  try {
    return await work(controller.signal);
  } catch (error) {
    if (error !== controller.signal.reason) throw error;
    return code;
  } finally {
    process.off("SIGINT", onSignal).off("SIGTERM", onSignal);
  }
}
