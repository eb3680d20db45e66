import type { Work } from "./work.js";
import { breakdowns } from "./works/breakdown.js";
import { chat } from "./works/chat.js";
import { codec } from "./works/codec.js";
import { execute } from "./works/execute.js";
import { idle } from "./works/idle.js";
import { memory } from "./works/memory.js";
import { sessions } from "./works/sessions.js";
import { sequence, squares } from "./works/square.js";
import { start } from "./works/start.js";
import { text } from "./works/text.js";
import { timer } from "./works/timer.js";

/** What a run does unless told otherwise. */
export const usualWorks: readonly Work[] = [
  text,
  ...squares,
  sequence,
  sessions,
  start,
  idle,
  memory,
  timer,
  chat,
  execute,
  codec,
];

/** With `--quick`, without the servers: 12 s. */
export const quickWorks: readonly Work[] = usualWorks.filter(
  (work) => work !== chat && work !== execute,
);

export const works: readonly Work[] = [...usualWorks, ...breakdowns];
