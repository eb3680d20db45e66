import { fileURLToPath } from "node:url";
import { PythonSession } from "@tr/session";
import { zeros } from "@tr/tsr-codec";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { withRecovery } from "./recover.js";

const script = fileURLToPath(new URL("../server.py", import.meta.url));
const session = new PythonSession({ script, quiet: true });
vi.spyOn(console, "log").mockImplementation(() => {}); // what it says is tested with the program
beforeAll(() => session.start());
afterAll(() => session.close());

it("does not try again what the request itself is to blame for", async () => {
  const before = session.info?.pid;
  let attempts = 0;
  const wrong = withRecovery(session, () => {
    attempts++;
    return session.call("square", [zeros([1])], { kwargs: { seconds: -1 } });
  });
  await expect(wrong).rejects.toMatchObject({ code: "TR_PYTHON_ERROR" });
  expect(attempts).toBe(1);
  expect(session.info?.pid).toBe(before);
});

it("gives up when the new process fails as well", async () => {
  let attempts = 0;
  const hopeless = withRecovery(session, async () => {
    attempts++;
    await session.call("get_into_trouble", ["crash"]);
    return session.call("square", [zeros([1])]);
  });
  await expect(hopeless).rejects.toMatchObject({ code: "TR_WORKER_CRASHED", exitCode: 7 });
  expect(attempts).toBe(2);
});
