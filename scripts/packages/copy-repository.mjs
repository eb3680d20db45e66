import { cpSync, existsSync } from "node:fs";
import { join } from "node:path";
import { pnpm, root, run } from "./run.mjs";

/** Copies the working tree as it is, without what git ignores, into a repository of its own, and installs it. */
export async function copyRepository(target, env) {
  const listed = ["ls-files", "--cached", "--others", "--exclude-standard", "-z"];
  const files = (await run(root, "git", listed)).split("\0").filter(Boolean);
  for (const file of files) {
    // A file that is deleted but not yet committed is still listed.
    if (existsSync(join(root, file))) cpSync(join(root, file), join(target, file));
  }
  const git = (...args) => run(target, "git", args);
  await git("init", "--quiet", "--initial-branch=main");
  // Only here: the copy has no history, and whoever runs this may have no identity or signs commits.
  for (const [name, value] of [
    ["user.name", "rehearsal"],
    ["user.email", "rehearsal@localhost"],
    ["commit.gpgsign", "false"],
  ]) {
    await git("config", name, value);
  }
  await commit(target, "As it is");
  await pnpm(target, ["install", "--frozen-lockfile", "--prefer-offline"], { env });
  return files.length;
}

export async function commit(repository, message) {
  await run(repository, "git", ["add", "--all"]);
  await run(repository, "git", ["commit", "--quiet", "--no-verify", "-m", message]);
}
