import { fileURLToPath } from "node:url";
import { PythonSession } from "@tr/session";
import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { waitInSteps, workMeanwhile } from "./wait-without-blocking.js";

const script = fileURLToPath(new URL("../server.py", import.meta.url));
const session = new PythonSession({ script, quiet: true });
vi.spyOn(console, "log").mockImplementation(() => {}); // what it says is tested with the program
beforeAll(() => session.start());
afterAll(() => session.close());

it.each(Object.entries({ workMeanwhile, waitInSteps }))(
  "%s ends when the worker crashes",
  async (_, wait) => {
    await session.start();
    await session.call("get_into_trouble", ["crash"]);
    await expect(wait(session)).rejects.toMatchObject({ code: "TR_WORKER_CRASHED", exitCode: 7 });
  },
);
