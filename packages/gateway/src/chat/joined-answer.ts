import { HttpError } from "../http/errors.js";
import type { ChatSession } from "./chat-session.js";
import { isOfQueue } from "./event-json.js";

/** What one answer may hold; streams have no such limit. */
const maxAnswerBytes = 32 * 2 ** 20;

/**
 * The JSON text of all events of a session in one answer, those of its wait excepted. Resolves when it has ended.
 *
 * @throws HttpError 500 when there are too many; the session is stopped then
 */
export async function joinedAnswer(session: ChatSession): Promise<Buffer> {
  const reader = session.log.read(0);
  const { id, question } = session; // the whole one
  const events: Buffer[] = [];
  let bytes = 0;
  try {
    for (;;) {
      const event = await reader.next();
      if (typeof event !== "object") break;
      bytes += event.json.length;
      if (bytes > maxAnswerBytes) {
        session.stop("client");
        const message = `the events are larger than ${maxAnswerBytes} bytes: use POST /chat/stream`;
        throw new HttpError(500, "ANSWER_TOO_LARGE", message);
      }
      if (!isOfQueue(event.json)) events.push(event.json);
    }
  } finally {
    reader.close();
  }
  const timestamp = new Date().toISOString();
  const rest = JSON.stringify({ total_events: events.length, timestamp });
  return Buffer.concat([
    Buffer.from(`${JSON.stringify({ session_id: id, question }).slice(0, -1)},"events":[`),
    ...events.flatMap((json, place) => (place === 0 ? [json] : [comma, json])),
    Buffer.from(`],${rest.slice(1)}`),
  ]);
}

const comma = Buffer.from(",");
