#!/usr/bin/env node
import { runCli } from "./cli.js";

// `tr run … | head` closes the pipe before all is written; that is no error of ours.
process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
  process.exit(0);
});
process.exitCode = await runCli(process.argv.slice(2));
