import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { TrError } from "@tr/protocol/errors";
import { expect, it, onTestFinished } from "vitest";
import { campaignSeed, campaignSize, isCampaign, randomIntegers } from "./campaign.fixture.js";
import { openFileChannel } from "./open-file-channel.js";
import { temporaryDirectory } from "./temporary-directory.fixture.js";

const windows = process.platform === "win32";
const alphabet = new Set("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-");

/** The rule once more, without a regular expression. */
function isFileName(name: string): boolean {
  const parts = name.split(".");
  return (
    parts.length <= 3 &&
    parts.every(
      (part, at) =>
        part.length > 0 &&
        part.length <= (at === 0 ? 64 : 16) &&
        [...part].every((c) => alphabet.has(c)),
    )
  );
}

/** Every file and directory below, with its content. */
function snapshot(directory: string, without: string): string[] {
  return readdirSync(directory).flatMap((name) => {
    const path = join(directory, name);
    if (path === without) return [];
    if (statSync(path).isDirectory()) return [path, ...snapshot(path, without)];
    return [`${path}: ${readFileSync(path, "utf8")}`];
  });
}

it(
  "hostile names never lead out of the directory, and what is no name is refused before it is a path",
  async () => {
    const outside = temporaryDirectory(onTestFinished);
    const directory = join(outside, "a", "b", "session");
    mkdirSync(directory, { recursive: true });
    for (const path of ["secret", "a/secret", "a/b/secret", "a/b/secret.tsr", "a/b/session.tmp"]) {
      writeFileSync(join(outside, path), "secret");
    }
    const before = snapshot(outside, directory);
    const channel = openFileChannel(directory, { notifications: false });
    const pieces = [
      ...[
        "",
        ".",
        "..",
        "../",
        "/",
        "\\",
        "..\\",
        "\0",
        "\n",
        " ",
        "%2e%2e%2f",
        "~",
        "C:",
        "//",
        "./",
        ":",
      ],
      ...[
        "．．",
        "／",
        "∕",
        "\u2024",
        "é",
        "ａ",
        "٣",
        "K",
        "ſ",
        "\ud800",
        "😀",
        "\u202e",
        "secret",
        "session",
      ],
      ...[
        "a",
        "Z9",
        "_",
        "-",
        ".tsr",
        ".tmp",
        ".json",
        "request",
        "b",
        "con",
        "x".repeat(60),
        "y".repeat(16),
      ],
      ...["file:///", "\\\\?\\", "/dev/null", "/proc/self/fd/0", "*", "?", "$HOME", "`id`", "-rf"],
      ...[directory, outside, join(outside, "secret"), encodeURIComponent("../secret")],
    ];
    const random = randomIntegers(campaignSeed);
    const count = campaignSize(10_000);
    let accepted = 0;
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    const started = performance.now();
    for (let index = 0; index < count; index++) {
      const name = Array.from({ length: random(5) }, () => pieces[random(pieces.length)]).join("");
      const valid = isFileName(name);
      const what = random(6);
      try {
        if (what === 0) channel.exists(name);
        else if (what === 1) channel.writeSync(name, "ours");
        else if (what === 2) await channel.write(name, "ours");
        else if (what === 3) channel.removeSync(name);
        else {
          const content = what === 4 ? channel.readSync(name) : await channel.take(name);
          if (content !== undefined && Buffer.from(content).toString() !== "ours") {
            throw new Error(`it was read: ${content}`);
          }
        }
        if (!valid) throw new Error("it was accepted");
        accepted++;
      } catch (error) {
        // `.tmp` is the ending of half-written files, which nobody may write by hand.
        const refusable =
          !valid || windows || (name.endsWith(".tmp") && (what === 1 || what === 2));
        if (refusable && TrError.is(error, "TR_INVALID_ARGUMENT")) continue;
        const found = `seed ${campaignSeed}, name ${index}, ${JSON.stringify(name)}: ${error}`;
        throw new Error(found, { cause: error });
      }
    }
    Error.stackTraceLimit = limit;
    expect(snapshot(outside, directory)).toEqual(before);
    expect(readdirSync(directory).filter((name) => !isFileName(name))).toEqual([]);
    expect(accepted).toBeGreaterThan(count / 50);
    if (isCampaign) {
      const seconds = ((performance.now() - started) / 1000).toFixed(1);
      console.log(`${count} names, ${accepted} of them good, ${seconds} s, seed ${campaignSeed}`);
    }
  },
  campaignSize(10_000) * 5 + 60_000,
);
