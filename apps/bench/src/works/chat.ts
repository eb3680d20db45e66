import type { Work } from "../work.js";
import { serverWork } from "./server-work.js";

interface ChatAnswer {
  readonly session_id: string;
  readonly question: string;
  readonly events: readonly { readonly session_id: string; readonly content?: string }[];
  readonly total_events: number;
}

export const chat: Work = serverWork(
  "chat",
  "POST /chat of an agent that gives back a text of 50 bytes",
  "/chat",
  async (post, call) => {
    const question = `${call} `.padEnd(50, "x");
    const answer = (await post({ question })) as ChatAnswer;
    const { session_id, events } = answer;
    const isRight =
      answer.question === question &&
      answer.total_events === 3 &&
      events.length === 3 &&
      events[1]?.content === question &&
      events.every((event) => event.session_id === session_id);
    if (!isRight) throw new Error(`a wrong answer to ${question}: ${JSON.stringify(answer)}`);
  },
);
