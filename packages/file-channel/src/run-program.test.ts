import { expect, it, onTestFinished } from "vitest";
import { runProgram } from "./run-program.fixture.js";
import { temporaryDirectory } from "./temporary-directory.fixture.js";

it.skipIf(process.platform === "win32")(
  "a test program that would loop for ever is ended by its limit on processor time",
  async () => {
    // The wrapper lowers the limit of 40 s, so that the test need not wait for it.
    const wrapper = ["sh", "-c", 'ulimit -t 1; exec "$@"', "sh"];
    const directory = temporaryDirectory(onTestFinished);
    const { signal } = await runProgram("for (;;);", directory, wrapper);
    expect(["SIGXCPU", "SIGKILL"]).toContain(signal);
  },
);
