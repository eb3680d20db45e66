import { expect, it } from "vitest";
import { retrySharing, retrySharingAsync } from "./retry-sharing.js";

/** Fails so many times with an error of that code, then succeeds. */
function failing(code: string, times: number) {
  let calls = 0;
  const action = () => {
    calls += 1;
    if (calls <= times) throw Object.assign(new Error(code), { code });
    return calls;
  };
  return { action, calls: () => calls };
}

it.each(["EPERM", "EACCES", "EBUSY"])("on Windows tries again after %s", async (code) => {
  expect(retrySharing(failing(code, 4).action, "win32")).toBe(5);
  const { action } = failing(code, 4);
  expect(await retrySharingAsync(async () => action(), "win32")).toBe(5);
});

it("gives up after half a second and throws the error", async () => {
  const sync = failing("EPERM", 1000);
  const start = performance.now();
  expect(() => retrySharing(sync.action, "win32")).toThrow("EPERM");
  expect(performance.now() - start).toBeGreaterThan(400);
  expect(sync.calls()).toBe(10);
  const { action } = failing("EPERM", 1000);
  await expect(retrySharingAsync(async () => action(), "win32")).rejects.toThrow("EPERM");
});

it("tries once elsewhere, and for any other error", () => {
  expect(() => retrySharing(failing("EPERM", 1).action, "linux")).toThrow("EPERM");
  expect(() => retrySharing(failing("ENOSPC", 1).action, "win32")).toThrow("ENOSPC");
});
