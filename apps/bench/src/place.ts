import { createRequire } from "node:module";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Where a peer finds what it needs. Plain data: it travels to the lane's process. */
export interface PlaceData {
  /** The interpreter that every worker runs on. */
  readonly python: string;
  /** The folder with the `node_modules` of the peers, if there is one. */
  readonly npm?: string | undefined;
  /** The folder with this peer's Python packages, if it has any. */
  readonly pypi?: string | undefined;
}

export interface Place {
  readonly python: string;
  /** The environment of workers. */
  readonly env: NodeJS.ProcessEnv;
  /** A package of the peers. `T` is the part of it that the peer uses. */
  load<T>(name: string): T;
}

export function placeOf({ python, npm, pypi }: PlaceData): Place {
  return {
    python,
    env: pypi === undefined ? process.env : { ...process.env, PYTHONPATH: pypi },
    load: <T>(name: string) => {
      if (npm === undefined) throw new Error(`${name} is not installed`);
      return createRequire(join(npm, "package.json"))(name) as T;
    },
  };
}

/** The Python side of a peer. */
export const workerScript = (name: string): string =>
  fileURLToPath(new URL(`../workers/${name}`, import.meta.url));
