import { TrError } from "@tr/protocol/errors";
import { expect, it } from "vitest";
import { RestartPolicy } from "./restart-policy.js";

it("waits longer from time to time, up to 5 s, and begins anew when the window has passed", () => {
  const policy = new RestartPolicy({ maxRestarts: 9, windowMs: 1000 });
  const delays = Array.from({ length: 10 }, (_, i) => policy.next(i));
  expect(delays).toEqual([0, 100, 200, 400, 800, 1600, 3200, 5000, 5000, undefined]);
  expect(policy.next(1000)).toBe(5000); // the first is a second ago
  expect(policy.next(2500)).toBe(0);
});

it("says why it starts nothing any more, with the fields of the crash", () => {
  const fields = { exitCode: 3, signal: null, oom: false, stderrTail: "tail" };
  const crash = new TrError("TR_WORKER_CRASHED", "gone", fields);
  const error = new RestartPolicy({ maxRestarts: 2, windowMs: 50 }).exhausted(crash);
  expect(error).toMatchObject({ code: "TR_WORKER_CRASHED", ...fields, cause: crash });
  expect(error.message).toMatch(
    /^gone\nIt was started again 2 times within 50 ms .*option restart/,
  );
});
