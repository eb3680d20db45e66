import fc from "fast-check";
import { describe, it } from "vitest";
import { campaignSize, seed } from "../test/campaign.js";
import { script, useSessions } from "../test/scripts.js";
import { histories, type Model } from "../test/session-model.js";

const sessions = useSessions();

describe.skipIf(process.platform === "win32")("a session, whatever happens to it,", () => {
  it("does what a small model says", async () => {
    const numRuns = campaignSize(15);
    let steps = 0;
    await fc.assert(
      fc.asyncProperty(histories, async (history) => {
        const session = sessions.make({ script: script("modelled.py"), cancelGraceMs: 400 });
        const model: Model = { status: "idle", count: 0, generation: 0 };
        try {
          await fc.asyncModelRun(() => ({ model, real: session }), history);
          steps += [...history].length;
        } finally {
          await session.close();
        }
      }),
      { seed, numRuns, endOnFailure: true },
    );
    console.log(`${numRuns} histories of ${steps} steps in all, seed ${seed}`);
  }, 3_600_000);
});
