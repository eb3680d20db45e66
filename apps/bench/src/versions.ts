import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { AnyKind } from "./peer.js";

const read = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../peers/${name}`, import.meta.url)), "utf8");

/** The pinned versions of what a peer is made of. */
export function versionsOf({ npm, pypi = [] }: AnyKind): Record<string, string> {
  const { dependencies } = JSON.parse(read("package.json")) as {
    dependencies: Record<string, string>;
  };
  const pinned = new Map(
    [...read("constraints.txt").matchAll(/^([\w-]+)==(\S+)$/gm)].map(([, name, version]) => [
      name,
      version,
    ]),
  );
  const names = [...(npm === undefined ? [] : [npm]), ...pypi];
  return Object.fromEntries(
    names.map((name) => {
      const version = dependencies[name] ?? pinned.get(name);
      if (version === undefined) throw new Error(`${name} is not pinned in apps/bench/peers`);
      return [name, version];
    }),
  );
}
