import type { Work } from "./work.js";
import { codec } from "./works/codec.js";
import { idle } from "./works/idle.js";
import { memory } from "./works/memory.js";
import { sessions } from "./works/sessions.js";
import { sequence, squares } from "./works/square.js";
import { start } from "./works/start.js";
import { text } from "./works/text.js";
import { timer } from "./works/timer.js";

export const works: readonly Work[] = [
  text,
  ...squares,
  sequence,
  sessions,
  start,
  idle,
  memory,
  timer,
  codec,
];
