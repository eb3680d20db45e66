import { readFileSync } from "node:fs";
import { stripVTControlCharacters } from "node:util";
import { type Address, ask } from "./ask.js";
import { addressFile } from "./cache-folder.js";

const [first = "What is the sea?", second = "Why does the bell ring?"] = process.argv.slice(2);

try {
  const address = JSON.parse(readFileSync(addressFile, "utf8")) as Address;
  await Promise.all([show("first", first), show("second", second)]);

  /** A line for each line of the answer, as it comes; both questions take turns on the terminal. */
  async function show(user: string, question: string): Promise<void> {
    let line = "";
    for await (const event of ask(address, { question })) {
      const say = (text: string) =>
        console.log(`${user.padEnd(6)} ${event.session_id.slice(0, 8)} | ${plain(text)}`);
      if (event.type === "answer") {
        line += event.content;
        // At the end of a word, when the line is full.
        if (line.length < 60 || !/\s$/.test(line)) continue;
        say(line);
        line = "";
      } else {
        if (line !== "") say(line);
        line = "";
        say(`(${event.type}) ${event.type === "session_start" ? question : event.content}`);
        if (event.type === "error") process.exitCode = 1;
      }
    }
  }
} catch (error) {
  if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  console.error("nothing to ask is running: pnpm --filter @tr/app-chat-stream start");
  process.exitCode = 1;
}

function plain(text: string): string {
  return stripVTControlCharacters(text).replaceAll("\n", " ").trim();
}
