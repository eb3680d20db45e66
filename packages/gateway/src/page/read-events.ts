export interface SessionEvent {
  readonly id: string;
  readonly type: string;
  readonly timestamp?: string;
  readonly [key: string]: unknown;
}

/** The events of an answer as they come. By `fetch`, for an EventSource can send no token. */
export async function* readEvents(response: Response): AsyncGenerator<SessionEvent> {
  if (response.body === null) return;
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
        const [, id, json] = /^id: (\d+)\ndata: (.*)$/.exec(block) ?? [];
        if (id !== undefined && json !== undefined) yield { ...JSON.parse(json), id };
      }
    }
  } finally {
    await reader.cancel();
  }
}
