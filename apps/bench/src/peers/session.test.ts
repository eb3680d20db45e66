import { PythonSession } from "@tr/session";
import { expect, it } from "vitest";
import { lookAtMachine } from "../machine.js";
import { workerScript } from "../place.js";
import { startAs } from "./session.js";

it("fails a session that has become another row's, and says why it did", async () => {
  const { python } = lookAtMachine();
  const script = workerScript("session_worker.py");
  const session = new PythonSession({ script, python, transport: "file" });
  await expect(startAs("mapped", session)).rejects.toThrow(
    /expected info.transport mapped, found file: .*option transport/,
  );
  expect(session.isAlive()).toBe(false);
});
