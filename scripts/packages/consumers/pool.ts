// Compiled and run against the packed package, with the Python that a user's session would find.
import assert from "node:assert/strict";
import { Pool, type PoolStats, TrError } from "@tr/pool";

const pool = new Pool({ size: 2 });
try {
  await pool.ready();
  const texts = await Promise.all(["a", "b", "c"].map((text) => pool.call<string>("echo", [text])));
  assert.deepEqual(texts, ["a", "b", "c"]);
  const lease = await pool.acquire();
  const stats: PoolStats = pool.stats();
  assert.equal(stats.busy, 1);
  lease.release();
  await assert.rejects(pool.call("nonsense"), (error) => TrError.is(error, "TR_UNKNOWN_COMMAND"));
} finally {
  await pool.close();
}

export async function refusedByTheCompiler(): Promise<void> {
  // @ts-expect-error there is no such option
  new Pool({ sizes: 2 });
  // @ts-expect-error arguments are an array
  await pool.call("echo", 1);
}
