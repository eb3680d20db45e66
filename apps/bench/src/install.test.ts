import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, expect, it, onTestFinished, vi } from "vitest";
import { installPypi } from "./install.js";
import { lookAtMachine } from "./machine.js";

afterEach(() => vi.unstubAllEnvs());

function emptyFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), "trb-"));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

it("says why packages cannot be had, and leaves nothing half installed", () => {
  vi.stubEnv("UV_OFFLINE", "1");
  const { python, tag } = lookAtMachine();
  const home = emptyFolder();
  const { reason } = installPypi(python, tag, ["no-such-package-of-tech-renaissance"], home);
  expect(reason).toMatch(/^no-such-package-of-tech-renaissance: uv says: \S/);
  expect(readdirSync(home)).toEqual([]);
});

it("says so when the installer is missing", () => {
  vi.stubEnv("PATH", emptyFolder());
  const { reason } = installPypi("python", "tag", ["pyzmq"], emptyFolder());
  expect(reason).toMatch(/^pyzmq: uv cannot be run: .*ENOENT/);
});
