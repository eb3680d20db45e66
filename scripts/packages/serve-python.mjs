import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, watch, writeFileSync } from "node:fs";
import { join } from "node:path";
import { run } from "./run.mjs";

/** Runs the installed package's default server: without a session, and in a prepared session directory. */
export async function askDefaultServer(python, home, env) {
  const server = ["-m", "tech_renaissance.default_server"];
  const { TR_SESSION_DIR: _, ...withoutSession } = env;
  const usage = await run(home, python, server, { env: withoutSession, ok: [1, 2] });
  assert.match(usage, /no session: give its id as the script's first argument/);

  const session = join(home, "python_session", "tr_session_packed-1");
  mkdirSync(session, { recursive: true, mode: 0o700 });
  // A request that is there before the worker has started is served.
  writeFileSync(join(session, "request.json"), '{"cmd": "hello", "params": "packed world"}');
  const signal = AbortSignal.timeout(60_000);
  const child = spawn(python, [...server, "packed-1"], {
    cwd: home,
    env: { ...env, TR_SESSION_DIR: session, TR_HOST_PID: String(process.pid) },
    stdio: ["pipe", "inherit", "inherit"],
    signal,
  });
  const ended = once(child, "close");
  const response = await Promise.race([
    responseIn(session, signal),
    ended.then(() => Promise.reject(new Error("the server ended without an answer"))),
  ]);
  assert.match(response, /"params":\s*"Hello Packed World"/);
  child.stdin.end(); // the end of its standard input is the end of the worker
  const [status] = await ended;
  assert.equal(status, 0, "how the server ended");
  return "Hello Packed World";
}

function responseIn(session, signal) {
  const file = join(session, "response.json");
  return new Promise((resolve, reject) => {
    const look = () => {
      try {
        resolve(readFileSync(file, "utf8"));
        watcher.close();
      } catch (error) {
        if (error.code !== "ENOENT") reject(error); // not there yet: the next change is looked at
      }
    };
    const watcher = watch(session, { signal }, look).on("error", reject);
    look();
  });
}
