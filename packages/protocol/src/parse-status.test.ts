import { expect, it } from "vitest";
import { parseStatus } from "./parse-status.js";

it.each(["ready", "running", "busy", "ok", "done", "error", "exit", "exiting", "terminated"])(
  "reads the status word %s, also with white space around it",
  (word) => {
    expect(parseStatus(word)).toEqual({ word, raw: word });
    expect(parseStatus(` ${word}\r\n`)).toEqual({ word, raw: ` ${word}\r\n` });
    expect(parseStatus(new TextEncoder().encode(word))).toEqual({ word, raw: word });
  },
);

it("reads the message of an error, with and without a space", () => {
  expect(parseStatus("error: it broke\n")).toMatchObject({ word: "error", message: "it broke" });
  expect(parseStatus("error:it: broke")).toMatchObject({ word: "error", message: "it: broke" });
});

it.each(["", "Ready", "errors", "errorless: x", "constructor", "{}"])("%j is unknown", (raw) => {
  expect(parseStatus(raw)).toEqual({ word: "unknown", raw });
});

it("does not fail on bytes that are no text", () => {
  expect(parseStatus(Uint8Array.of(0xff, 0xfe)).word).toBe("unknown");
});
