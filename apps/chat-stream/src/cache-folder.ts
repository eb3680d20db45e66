import { join } from "node:path";
import { fileURLToPath } from "node:url";

const folder = process.env.CHAT_STREAM_CACHE;

/** For the weights and the address. Not the system's temporary folder: others could put files there first. */
export const cacheFolder =
  folder || fileURLToPath(new URL("../node_modules/.cache/chat-stream", import.meta.url));

/** The address of the running gateway with its token, for the client; only its owner can read it. */
export const addressFile = join(cacheFolder, "address.json");
