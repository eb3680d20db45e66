import fc from "fast-check";
import { expect, it } from "vitest";
import { campaignSize, seed } from "../../test/campaign.js";
import { heldAgainstModel } from "../../test/held-against-model.js";
import { histories } from "../../test/operations.js";

it("does what a plain model says, whatever is asked, dies, fails or takes long", async () => {
  const numRuns = campaignSize(1000);
  let count = 0;
  await fc.assert(
    fc.asyncProperty(histories, async (history) => {
      await heldAgainstModel(history);
      count += history.list.length;
    }),
    { seed, numRuns },
  );
  expect(count).toBeGreaterThan(10 * numRuns);
  console.log(`${numRuns} histories of ${count} operations in all, seed ${seed}`);
}, 3_600_000);
