import { codecKinds } from "./codec.js";
import type { AnyKind } from "./peer.js";
import { grpc } from "./peers/grpc.js";
import { http } from "./peers/http.js";
import { pythonShell } from "./peers/python-shell.js";
import { pythonia } from "./peers/pythonia.js";
import { servers } from "./peers/servers.js";
import { sessionKinds } from "./peers/session.js";
import { stdioFramed } from "./peers/stdio-framed.js";
import { stdioJson } from "./peers/stdio-json.js";
import { unixStream } from "./peers/unix-stream.js";
import { zeromq } from "./peers/zeromq.js";
import { memoryCopy } from "./references/memory-copy.js";
import { numpyKinds } from "./references/numpy.js";

/** In the order in which they take turns. */
export const kinds: readonly AnyKind[] = [
  ...sessionKinds,
  stdioFramed,
  stdioJson,
  unixStream,
  pythonShell,
  pythonia,
  zeromq,
  grpc,
  http,
  ...servers,
  memoryCopy,
  ...numpyKinds,
  ...codecKinds,
];
