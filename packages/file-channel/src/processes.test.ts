import { describe, expect, it, onTestFinished } from "vitest";
import { openFileChannel } from "./open-file-channel.js";
import { isInstalled, runProgram, runProgramBlocking } from "./run-program.fixture.js";
import { temporaryDirectory } from "./temporary-directory.fixture.js";

const newDirectory = () => temporaryDirectory(onTestFinished);

describe("notifications are hints", () => {
  it.each([true, false])(
    "30,000 files renamed while the event loop is blocked are all found (notifications: %s)",
    async (notifications) => {
      const count = 30_000; // the kernel's queue of notifications holds 16,384
      const channel = openFileChannel(newDirectory(), { notifications });
      const taken = new Set<string>();
      const all = channel.waitFor(
        () => {
          for (const name of channel.list()) if (channel.takeSync(name)) taken.add(name);
          return taken.size === count || undefined;
        },
        { timeoutMs: 30_000 },
      );
      await new Promise((resolve) => setImmediate(resolve));
      runProgramBlocking(
        `for (let at = 0; at < ${count}; at += 1) channel.writeSync("t" + at + ".tsr", "x");`,
        channel.directory,
      );
      expect(await all, `${taken.size} of ${count}`).toBe(true);
      channel.close();
    },
    180_000,
  );

  const limits = ["unshare", "--user", "--map-root-user", "sh", "-c"];
  const limited = 'echo 0 > /proc/sys/user/max_inotify_instances && exec "$@"';
  it.skipIf(!isInstalled(...(limits as [string]), limited, "sh", "true"))(
    "without any left for this user, waiting works and says so (skipped where that cannot be arranged)",
    async () => {
      const source = `
        setTimeout(() => channel.writeSync("a.txt", "x"), 50);
        const found = await channel.waitFor(() => channel.takeSync("a.txt"), { timeoutMs: 5000 });
        console.log(found.length, channel.notifications);`;
      const outcome = await runProgram(source, newDirectory(), [...limits, limited, "sh"]);
      expect(outcome.stdout, outcome.stderr).toBe("1 off\n");
    },
  );
});

describe("a program", () => {
  // Each of these ends by itself, or the test runs into its time limit.
  it.each([
    ["that has closed its channel ends", `${wait("")} channel.close();`, "TR_SESSION_CLOSED\n"],
    ["whose only wait is not to keep it alive ends", wait("keepAlive: false"), ""],
    ["that only listens to hints ends", "channel.onHint(() => {});", ""],
    [
      "that has listened, waited and found ends",
      `channel.onHint(() => {}); channel.writeSync("a", "x"); ${wait("")}`,
      "found\n",
    ],
    ["with a pending wait goes on until its time is over", wait("timeoutMs: 300"), "undefined\n"],
    [
      "with one wait of each kind goes on for the one that keeps it alive",
      `${wait("keepAlive: false")} ${wait("timeoutMs: 100")}`,
      "undefined\n",
    ],
    [
      "goes on no longer when the wait that kept it alive has ended",
      `${wait("timeoutMs: 100")} ${wait("keepAlive: false")}`,
      "undefined\n",
    ],
  ])("%s", async (_, source, expected) => {
    const outcome = await runProgram(source, newDirectory());
    expect(outcome.stdout, outcome.stderr).toBe(expected);
    expect(outcome.status).toBe(0);
  });
});

function wait(options: string): string {
  return `channel.waitFor(() => channel.takeSync("a") && "found", { timeoutMs: undefined, ${options} })
    .then(console.log, (error) => console.log(error.code));`;
}
