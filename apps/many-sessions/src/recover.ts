import { type PythonSession, TrError } from "@tr/session";
import { full, type Tensor, toNested } from "@tr/tsr-codec";

/**
 * Tries again, once, with a new process when the old one hangs or has crashed. Everything that the
 * old process knew is lost: what it had loaded must be loaded again.
 */
export async function withRecovery<T>(
  session: PythonSession,
  attempt: () => Promise<T>,
): Promise<T> {
  try {
    return await attempt();
  } catch (error) {
    if (TrError.is(error, "TR_CALL_TIMEOUT")) {
      console.log(`  no answer within ${error.timeoutMs} ms: terminate`);
      await session.terminate();
    } else if (TrError.is(error, "TR_WORKER_CRASHED")) {
      console.log(`  the worker crashed with exit code ${error.exitCode}`);
    } else {
      throw error; // the request itself is wrong: it would be wrong again
    }
  }
  await session.start();
  console.log(`  started again: process ${session.info?.pid}`);
  return attempt();
}

/** Brings the worker into trouble, and gets the answer nevertheless. */
export async function recoverFrom(
  session: PythonSession,
  trouble: "hang" | "crash",
): Promise<void> {
  await session.fetchResponse(`get_into_trouble ${trouble}`);
  const result = await withRecovery(session, async (): Promise<Tensor> => {
    await session.sendTensor(full([2], 5), "x");
    return session.fetchTensor("square x", 1000);
  });
  console.log(`  the same request succeeds: ${toNested(result)}`);
}
