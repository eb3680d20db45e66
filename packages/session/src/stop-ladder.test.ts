import { once } from "node:events";
import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { campaignSize } from "../test/campaign.js";
import { script, useSessions } from "../test/scripts.js";

const sessions = useSessions();
/** Sessions that hang at the same time; each close takes the ladder's 3 s. */
const atOnce = 25;

function zombies(): string[] {
  return readdirSync("/proc").filter((pid) => {
    if (!/^\d+$/.test(pid)) return false;
    try {
      const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
      const [state, parent] = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
      return state === "Z" && Number(parent) === process.pid;
    } catch {
      return false; // it has ended meanwhile
    }
  });
}

it.runIf(process.platform === "linux")(
  "workers that hang are gone within the ladder's time, and leave no zombie, descriptor or directory",
  async () => {
    const times = campaignSize(5);
    const closeOne = async () => {
      const session = await sessions.started({ script: script("deaf.py") });
      const deaf = once(session, "log");
      const call = session.call("hang").catch(({ code }) => code);
      await deaf;
      const started = performance.now();
      await session.close();
      expect(await call).toBe("TR_SESSION_CLOSED");
      return performance.now() - started;
    };
    await closeOne(); // the reaper starts, and whatever else comes once
    const descriptors = readdirSync("/proc/self/fd").length;
    const resident = process.memoryUsage.rss();
    const elapsed: number[] = [];
    while (elapsed.length < times) {
      const batch = Math.min(atOnce, times - elapsed.length);
      elapsed.push(...(await Promise.all(Array.from({ length: batch }, closeOne))));
    }
    await new Promise(setImmediate); // the last pipes are closed in this turn
    const grownMiB = (process.memoryUsage.rss() - resident) / 2 ** 20;
    const longest = Math.max(...elapsed).toFixed(0);
    console.log(
      `${times} hung workers closed: longest ${longest} ms, ` +
        `${readdirSync("/proc/self/fd").length - descriptors} descriptors more, ${grownMiB.toFixed(1)} MiB more`,
    );
    expect(Math.max(...elapsed)).toBeLessThan(3500); // 2,000 + 1,000 + 500
    expect(zombies()).toEqual([]);
    expect(readdirSync("/proc/self/fd").length).toBeLessThanOrEqual(descriptors);
    expect(sessions.files().filter((path) => /tr_session_/.test(path))).toEqual([]);
  },
  3_600_000,
);
