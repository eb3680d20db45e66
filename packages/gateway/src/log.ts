import { Writable } from "node:stream";
import { type DestinationStream, type Logger, pino } from "pino";

export interface LogOptions {
  /** `"pretty"` for people, `"json"` for programs. Default: pretty where standard output is a terminal. */
  format?: "pretty" | "json";
  /** The least that is written. Default: `"info"`. */
  level?: "trace" | "debug" | "info" | "warn" | "error" | "silent";
  /** Where lines go. Default: standard output. */
  destination?: DestinationStream;
}

/** What would be a secret if it came into a line, wherever from. */
const secrets = ["authorization", "headers.authorization", "req.headers.authorization", "token"];

export function createLog(options: LogOptions = {}): Logger {
  const { format = process.stdout.isTTY ? "pretty" : "json", level = "info" } = options;
  const { destination = standardOutput() } = options;
  const target = format === "pretty" ? prettyPrinter(destination) : destination;
  return pino(
    { level, base: null, redact: secrets, timestamp: pino.stdTimeFunctions.isoTime },
    target,
  );
}

/** How long a line may wait for others, in ms. */
const gatherMs = 50;

/**
 * Lines are written together: each by itself costs a hop to Node's thread pool and back, a tenth of a short
 * request. None is lost where the program ends in any way but SIGKILL.
 */
function standardOutput(): DestinationStream {
  const lines = pino.destination({ dest: 1, sync: false, minLength: 2 ** 13 });
  let isDue = false;
  return {
    write(line) {
      lines.write(line);
      if (isDue) return;
      isDue = true;
      const flush = () => {
        isDue = false;
        lines.flush();
      };
      setTimeout(flush, gatherMs).unref();
    },
  };
}

const names = new Map(
  Object.entries(pino.levels.labels).map(([level, name]) => [Number(level), name]),
);
/** Said at the line's beginning, or of no use to people. */
const shown = new Set(["level", "time", "msg", "session", "err"]);

/** One line for each entry: `12:00:01 info [session abc12345] the agent has begun waitedMs=0`. */
function prettyPrinter(destination: DestinationStream): Writable {
  return new Writable({
    decodeStrings: false,
    write(chunk: string | Buffer, _, done) {
      for (const line of String(chunk).split("\n"))
        if (line !== "") destination.write(pretty(line));
      done();
    },
  });
}

function pretty(line: string): string {
  const entry = JSON.parse(line) as Record<string, unknown>;
  const { level, time, msg = "", session, err } = entry;
  const rest = Object.entries(entry)
    .filter(([key]) => !shown.has(key))
    .map(([key, value]) => ` ${key}=${typeof value === "string" ? value : JSON.stringify(value)}`);
  const who = typeof session === "string" ? `[session ${session.slice(0, 8)}] ` : "";
  const cause = err as { stack?: string; message?: string } | undefined;
  const trace = cause === undefined ? "" : `\n${cause.stack ?? cause.message}`;
  const at = String(time).slice(11, 19);
  return `${at} ${names.get(level as number) ?? level} ${who}${msg}${rest.join("")}${trace}\n`;
}
