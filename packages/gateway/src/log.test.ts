import { execa } from "execa";
import { expect, it } from "vitest";

/** A program with a log of its own, that ends in the given way after some lines. */
const run = (end: string) => {
  const source = `const { createGateway } = await import("@tr/gateway");
    const { log } = createGateway({ chat: { script: "x.py" }, log: { format: "json" } });
    for (let i = 0; i < 100; i++) log.info({ i }, "line");
    ${end}`;
  const options = { cwd: import.meta.dirname, reject: false } as const;
  return execa(process.execPath, ["--input-type=module", "-e", source], options);
};

it("lines that are gathered are all written, in order, however the program ends", async () => {
  for (const end of ["", "process.exit(3);", 'throw new Error("on purpose");']) {
    const { stdout } = await run(end);
    const numbers = stdout.split("\n").map((line) => (JSON.parse(line) as { i: number }).i);
    expect(numbers).toEqual(Array.from({ length: 100 }, (_, i) => i));
  }
});

it("a line is written while the program goes on", async () => {
  const child = run("setInterval(() => {}, 1000);");
  await new Promise((resolve) => child.stdout.once("data", resolve));
  child.kill("SIGKILL");
  expect((await child).stdout).toContain('"msg":"line"');
});
