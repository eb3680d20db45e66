export type { FileChannel, FileData, ReadOptions, WaitOptions } from "./file-channel.js";
export { fileNamePattern } from "./file-name.js";
export { createMemoryChannel } from "./memory-channel.js";
export { type FileChannelOptions, openFileChannel } from "./open-file-channel.js";
export { pollIntervalMs } from "./poll-interval.js";
