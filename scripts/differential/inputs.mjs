// What both languages are asked: seeded, from the golden files and from good messages.
import { readFileSync } from "node:fs";
import {
  anyMessage,
  anyText,
  anyValue,
  damaged,
  randomWords as messageWords,
  Tag,
  toBytes,
} from "../../packages/protocol/test/fuzz-messages.ts";
import {
  nextContainer,
  nextFlat,
  randomWords,
  Scratch,
} from "../../packages/tsr-codec/test/fuzz-tsr.ts";

export { Tag };

/** What the other side is asked to do with an input; the numbers are those of answers.py. */
export const kinds = { flat: 0, container: 1, request: 2, value: 3, name: 4 };

const fixtures = new URL("../../fixtures/", import.meta.url);

function seeds(format) {
  const list = (folder, manifest) =>
    JSON.parse(readFileSync(new URL(manifest, fixtures), "utf8")).files.map((file) => ({
      format: file.format,
      path: `${folder}/${file.file}`,
    }));
  return [
    ...list("accept", "accept/manifest.json"),
    ...list("accept", "accept/extra/manifest.json"),
    ...list("reject", "reject/manifest.json"),
  ]
    .filter((file) => format.test(file.format))
    .map(({ path }) => new Uint8Array(readFileSync(new URL(path, fixtures))))
    .filter(({ length }) => length < 3000);
}

const flat = seeds(/TSR[12]/);
const containers = seeds(/TSR4/);
const raw = containers.filter((bytes) => bytes[12] !== 1);
const encoder = new TextEncoder();

const nameParts = [
  ...[
    "",
    "a",
    "Z",
    "9",
    "_",
    "-",
    ".",
    "..",
    "/",
    "\\",
    "\0",
    "\n",
    " ",
    "%2e",
    ":",
    "é",
    "ａ",
    "٣",
  ],
  ...["\u{1d7d8}", "\u212a", "\u0131", "\u017f", "a".repeat(32), "a".repeat(63), "con", "~"],
];

/** Yields { kind, bytes } without end; `bytes` is only valid until the next one. */
export function* inputs(seed, { buildRequest, decodeValue, encodeValue }) {
  const scratch = new Scratch(randomWords(seed));
  const random = messageWords(seed);
  const pick = (list) => list[random() % list.length];
  for (;;) {
    const kind = random() % 16;
    if (kind < 5) yield { kind: kinds.flat, bytes: nextFlat(scratch, flat) };
    else if (kind < 7) {
      // Compressed ones cost as much as twenty others.
      const from = random() % 16 ? raw : containers;
      yield { kind: kinds.container, bytes: nextContainer(scratch, from) };
    } else if (kind < 11) {
      const text = random() % 16 ? anyMessage(random, "request") : damaged(random, anyText(random));
      yield { kind: kinds.request, bytes: toBytes(random, text) };
    } else if (kind === 11) yield { kind: kinds.request, bytes: encoder.encode(written()) };
    else if (kind < 15) {
      const text = anyValue(random);
      yield {
        kind: kinds.value,
        bytes: toBytes(random, random() % 8 ? text : damaged(random, text)),
      };
    } else {
      const name = Array.from({ length: random() % 5 }, () => pick(nameParts)).join("");
      yield { kind: kinds.name, bytes: encoder.encode(name) };
    }
  }

  /** A request as our host writes it, with any value that it can send. */
  function written() {
    let args = [];
    try {
      const value = decodeValue(JSON.parse(anyValue(random)), { getTensor: (tag) => new Tag(tag) });
      const options = { isTensor: (x) => x instanceof Tag, addTensor: (x) => x.tag };
      args = [encodeValue(value, options)];
    } catch (error) {
      if (error.code !== "TR_PROTOCOL") throw error;
    }
    const words = pick(["", "a b", "a,b", "x", "ä 😀"]);
    const level = pick([1, 2]);
    const extra = { message: pick(["m", 5, null, ["x"]]), "": 1, __proto__: null };
    return buildRequest({
      command: pick(["f", "matmul", "ä", '"params":']),
      words,
      tags: random() % 2 === 0,
      level,
      id: "r-1",
      args,
      kwargs: { k: args[0] ?? null },
      stream: random() % 2 === 0,
      deadlineMs: pick([undefined, 0, 0.5, 1e300]),
      timestampMs: 1,
      extra,
    });
  }
}
