// Builds, and publishes every package whose version the registry does not have yet. Arguments go to
// `changeset publish`. The release workflow runs it; the rehearsal runs it against a registry on loopback.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { publishedPackages } from "./packages/pack.mjs";
import { pnpm, readJson, root } from "./packages/run.mjs";

const { GITHUB_SERVER_URL: server, GITHUB_REPOSITORY: repository } = process.env;
if (server && repository) {
  // npm accepts provenance only from the repository that the manifest names, and a fork is another
  // one: it is written where the release runs, and not committed.
  for (const { folder } of publishedPackages()) {
    const directory = `packages/${folder}`;
    const path = join(root, directory, "package.json");
    const url = `git+${server}/${repository}.git`;
    const manifest = { ...readJson(path), repository: { type: "git", url, directory } };
    writeFileSync(path, `${JSON.stringify(manifest, null, 2)}\n`);
  }
}
await pnpm(root, ["exec", "turbo", "run", "build", "--output-logs=errors-only"]);
console.log(await pnpm(root, ["exec", "changeset", "publish", ...process.argv.slice(2)]));
