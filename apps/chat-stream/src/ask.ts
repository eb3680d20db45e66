/** A running gateway, and what lets one ask it. */
export interface Address {
  /** As `http://127.0.0.1:18890`. */
  readonly url: string;
  readonly token: string;
}

export interface Question {
  readonly question: string;
  readonly temperature?: number;
  readonly top_p?: number;
  readonly max_tokens?: number;
}

export interface ChatEvent {
  /** `queued`, `session_start`, `answer`, `error`, and `completed` at the end of every stream. */
  readonly type: string;
  readonly session_id: string;
  readonly content: string;
  /** Of `completed`: how it ended. */
  readonly status?: string;
}

/**
 * The events of one answer as they come, in Node and in browsers. To leave the loop, or to abort, is to
 * leave the answer: the model stops then.
 *
 * @throws Error what the gateway says when it takes no question; of `fetch`, when it cannot be reached
 */
export async function* ask(
  { url, token }: Address,
  question: Question,
  signal?: AbortSignal,
): AsyncGenerator<ChatEvent> {
  const response = await fetch(`${url}/chat/stream`, {
    method: "POST",
    headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
    body: JSON.stringify(question),
    signal: signal ?? null,
  });
  if (!response.ok || response.body === null) {
    const { message } = (await response.json()) as { message: string };
    throw new Error(`the gateway answers with ${response.status}: ${message}`);
  }
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      const blocks = (rest + decoder.decode(value, { stream: true })).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        // Other blocks are comments, which keep the connection open.
        const json = /^data: (.*)$/m.exec(block)?.[1];
        if (json !== undefined) yield JSON.parse(json) as ChatEvent;
      }
    }
  } finally {
    await reader.cancel();
  }
}
