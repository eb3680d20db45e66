import { setImmediate as turn } from "node:timers/promises";
import { type PythonSession, TrError } from "@tr/session";
import { full, toNested } from "@tr/tsr-codec";

/** Sends a request, goes on with other work, and looks now and then whether the answer is there. */
export async function workMeanwhile(session: PythonSession): Promise<void> {
  await session.sendTensor(full([2], 3), "x");
  await session.sendRequest("square x 0.3");
  console.log("  sent: square of 3, which takes Python 300 ms");
  let primes = 0;
  // A worker that has crashed never answers: the wait below then says so.
  for (let n = 2; session.isAlive() && !session.newResponse(); n++) {
    if (isPrime(n)) primes++;
    // Answers arrive between the turns of the event loop: a loop without an await never sees one.
    if (n % 1000 === 0) await turn();
  }
  console.log(`  meanwhile TypeScript found ${primes} primes`);
  const result = await session.waitForTensor();
  console.log(`  the answer is there: ${toNested(result)}`);
}

/** Waits for a short time, again and again. The end of a wait is not the end of the request. */
export async function waitInSteps(session: PythonSession): Promise<void> {
  await session.sendTensor(full([2], 4), "x");
  await session.sendRequest("square x 0.3");
  console.log("  sent: square of 4");
  for (;;) {
    try {
      const result = await session.waitForTensor(100);
      console.log(`  the answer is there: ${toNested(result)}`);
      return;
    } catch (error) {
      if (!TrError.is(error, "TR_CALL_TIMEOUT")) throw error;
      console.log("  not yet: waiting again");
    }
  }
}

function isPrime(n: number): boolean {
  for (let divisor = 2; divisor * divisor <= n; divisor++) {
    if (n % divisor === 0) return false;
  }
  return true;
}
