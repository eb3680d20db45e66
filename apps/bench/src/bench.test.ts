import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, it, onTestFinished, vi } from "vitest";
import { benchWork } from "./bench.js";
import type { Contestant } from "./contestants.js";
import { kinds } from "./kinds.js";
import { Lanes } from "./lanes.js";
import { versionsOf } from "./versions.js";
import { works } from "./works.js";

function work(wanted: string) {
  const found = works.find(({ name }) => name === wanted);
  if (found === undefined) throw new Error(`no work ${wanted}`);
  return found;
}

function contestant(wanted: string, missing?: string): Contestant {
  const kind = kinds.find(({ name }) => name === wanted);
  if (kind === undefined) throw new Error(`no peer ${wanted}`);
  return { kind, place: { python: "/no/such/python" }, missing };
}

it("leaves out a peer that is not there, and says why", async () => {
  const { results } = await benchWork(
    work("text"),
    [contestant("zeromq", "no network")],
    1,
    true,
    new Lanes(true),
  );
  expect(results).toEqual([{ peer: "zeromq", leftOut: "no network" }]);
});

it("leaves out what a peer cannot do, and says why", async () => {
  const { results } = await benchWork(
    work("8-sessions"),
    [contestant("pythonia")],
    1,
    true,
    new Lanes(true),
  );
  expect(results).toEqual([{ peer: "pythonia", leftOut: "one worker per program" }]);
});

it("goes on without a peer that fails, says why, and leaves nothing of it", async () => {
  const folder = mkdtempSync(join(tmpdir(), "trb-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  for (const name of ["TMPDIR", "TEMP"]) vi.stubEnv(name, folder);
  onTestFinished(() => {
    vi.unstubAllEnvs();
  });
  const all = ["stdio-framed", "unix-stream", "memory-copy"].map((name) => contestant(name));
  const { results } = await benchWork(work("4KiB"), all, 1, true, new Lanes(true));
  const failed = expect.stringMatching(/no.such.python ENOENT/);
  expect(results).toEqual([
    { peer: "stdio-framed", failed },
    { peer: "unix-stream", failed },
    { peer: "memory-copy", figures: expect.anything(), rounds: [expect.anything()] },
  ]);
  await expect.poll(() => readdirSync(folder)).toEqual([]);
});

it("knows the version of everything that it installs", () => {
  for (const kind of kinds) {
    const count = (kind.npm === undefined ? 0 : 1) + (kind.pypi?.length ?? 0);
    expect(Object.values(versionsOf(kind)).filter((version) => /^\d/.test(version))).toHaveLength(
      count,
    );
  }
});
