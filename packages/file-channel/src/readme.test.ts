import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

it("the README's program prints what the README says", () => {
  const readme = readFileSync(new URL("../README.md", import.meta.url), "utf8");
  const program = /```js\n(.*?)```/s.exec(readme)?.[1] ?? "";
  const said = /```text\n(.*?)```/s.exec(readme)?.[1];
  const printed = execFileSync(process.execPath, ["--input-type=module", "--eval", program], {
    cwd: fileURLToPath(new URL("..", import.meta.url)), // the package finds itself by its name
    encoding: "utf8",
  });
  expect(printed).toBe(said);
});
