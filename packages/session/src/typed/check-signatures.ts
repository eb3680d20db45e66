import { TrError } from "@tr/protocol/errors";
import type { TypedCommand } from "./typed-server.js";

/** The internal command by which a worker of level 2 tells its signatures' hashes. */
export const signaturesCommand = "$signatures";

interface Said {
  readonly hash: string;
  readonly commands: Readonly<Record<string, { readonly hash: string }>>;
}

/**
 * Holds a worker's signatures to those that types were made from. Commands that these do not know
 * are none of their business.
 *
 * @throws TrError `TR_PROTOCOL`, naming the commands that differ
 */
export function checkSignatures(
  server: { readonly hash: string; readonly commands: Readonly<Record<string, TypedCommand>> },
  answer: unknown,
): void {
  if (!isSaid(answer)) {
    throw new TrError(
      "TR_PROTOCOL",
      `${signaturesCommand}: expected { hash, commands }, found ${JSON.stringify(answer)}`,
    );
  }
  if (answer.hash === server.hash) return;
  const names = Object.keys(server.commands);
  const missing = names.filter((name) => !Object.hasOwn(answer.commands, name));
  const changed = names.filter(
    (name) =>
      !missing.includes(name) && answer.commands[name]?.hash !== server.commands[name]?.hash,
  );
  if (missing.length + changed.length === 0) return;
  const faults = [
    ...(changed.length > 0 ? [`changed: ${changed.join(", ")}`] : []),
    ...(missing.length > 0 ? [`missing: ${missing.join(", ")}`] : []),
  ];
  throw new TrError(
    "TR_PROTOCOL",
    `the worker's signatures are not those that the types were made from (${faults.join("; ")}). ` +
      "Make the types anew with tr types, or start the script that they belong to.",
  );
}

function isSaid(answer: unknown): answer is Said {
  const { hash, commands } = Object(answer) as Partial<Said>;
  return typeof hash === "string" && typeof commands === "object" && commands !== null;
}
