import { type Answer, codes } from "./answer.js";
import { failure, success } from "./answers.js";
import type { Action, BatchBody } from "./bodies.js";
import { answering, type Core } from "./core.js";
import { execute } from "./execute.js";

/** `POST /api/v1/execute/batch`. */
export function executeBatch(core: Core, body: BatchBody, caller: AbortSignal): Promise<Answer> {
  const { worker_id, actions, parallel = false, stop_on_error = true } = body;
  return answering(core, body, { tool: "batch:execute" }, async ({ trace_id }) => {
    const run = (action: Action) => execute(core, { ...action, worker_id, trace_id }, caller);
    const results = parallel
      ? await Promise.all(actions.map(run))
      : await oneByOne(actions, run, stop_on_error, caller);
    const counts = { total: actions.length, executed: results.length };
    return batchReply("actions", results.filter(isSuccess).length, counts.total, {
      results,
      ...counts,
    });
  });
}

const isSuccess = ({ code }: Answer) => code === codes.success;

async function oneByOne(
  actions: readonly Action[],
  run: (action: Action) => Promise<Answer>,
  stopOnError: boolean,
  caller: AbortSignal,
): Promise<Answer[]> {
  const results: Answer[] = [];
  for (const action of actions) {
    if (caller.aborted) break;
    const answer = await run(action);
    results.push(answer);
    if (stopOnError && !isSuccess(answer)) break;
  }
  return results;
}

/** 0 when all succeeded, 5009 when none did, else 5010. */
export function batchReply(what: string, success_count: number, total: number, data: object) {
  const counted = { ...data, success_count };
  if (success_count === total) return success(counted);
  if (success_count === 0) return failure(codes.allFailed, `all ${what} failed`, counted);
  const message = `${success_count} of ${total} ${what} succeeded`;
  return failure(codes.partialFailure, message, counted);
}
