import { TrError } from "@tr/protocol/errors";
import type { TypedCommand } from "./typed-server.js";

export interface BoundCall {
  readonly args: readonly unknown[];
  readonly kwargs: Record<string, unknown>;
  /** The caller's own options of the call, whatever they are. */
  readonly callOptions: object;
}

/**
 * The arguments of a typed call as Python takes them: required ones first, then the object of those
 * with defaults (if the command has any), then the options of the call.
 *
 * @throws TrError `TR_INVALID_ARGUMENT`
 */
export function bindCall(
  name: string,
  command: TypedCommand,
  given: readonly unknown[],
): BoundCall {
  const { args = [], keywords = [], options, positional = [], beforeRest = [] } = command;
  const required = [...args, ...keywords];
  const most = required.length + (options ? 2 : 1);
  if (given.length < required.length || given.length > most) {
    const form = [...required, ...(options ? ["options?"] : []), "callOptions?"].join(", ");
    throw invalid(name, `expected (${form}), found ${given.length} arguments`);
  }
  const chosen = options ? objectOf(name, given[required.length], "options") : {};
  const callOptions = objectOf(name, given[most - 1], "callOptions");

  const { [command.rest ?? ""]: rest = [], [command.more ?? ""]: more = {}, ...left } = chosen;
  if (!Array.isArray(rest)) throw invalid(name, `${command.rest}: expected an array`);
  const kwargs: Record<string, unknown> = {
    ...objectOf(name, more, String(command.more)),
    ...left,
    ...Object.fromEntries(keywords.map((keyword, i) => [keyword, given[args.length + i]])),
  };
  const inOrder = [...positional, ...(rest.length > 0 ? beforeRest : [])];
  const count =
    rest.length > 0 ? inOrder.length : inOrder.findLastIndex((n) => kwargs[n] !== undefined) + 1;
  const byPosition = inOrder.slice(0, count).map((option) => {
    const { [option]: value } = kwargs;
    delete kwargs[option];
    if (value !== undefined) return value;
    const later = rest.length > 0 ? command.rest : inOrder[count - 1];
    throw invalid(name, `${later} goes by position, behind ${option}: give ${option} as well`);
  });
  return { args: [...given.slice(0, args.length), ...byPosition, ...rest], kwargs, callOptions };
}

function objectOf(name: string, value: unknown, what: string): Record<string, unknown> {
  if (value === undefined) return {};
  if (typeof value === "object" && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw invalid(name, `${what}: expected an object, found ${JSON.stringify(value) ?? value}`);
}

function invalid(name: string, fault: string): TrError {
  return new TrError("TR_INVALID_ARGUMENT", `${name}: ${fault}`);
}
