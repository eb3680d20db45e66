import { existsSync, type FSWatcher, watch } from "node:fs";
import { basename } from "node:path";
import { isTemporary } from "./file-name.js";

/** Change notifications of one directory, until they fail or are stopped. */
export interface DirectoryWatch {
  readonly state: "on" | "off";
  stop(): void;
}

/**
 * Calls `hint` when something in the directory may have changed. Never fails: inotify's limits
 * (EMFILE for instances, ENOSPC for watches), a file system without notifications, or a directory
 * that is gone only turn the state to "off". The watcher does not keep the program running.
 */
export function watchDirectory(directory: string, hint: () => void): DirectoryWatch {
  let watcher: FSWatcher | undefined;
  const stop = () => {
    watcher?.close();
    watcher = undefined;
  };
  const own = basename(directory);
  try {
    watcher = watch(directory, { persistent: false });
    watcher.on("change", (_, file) => {
      // A half-written file: its rename is a notification of its own.
      if (typeof file === "string" && isTemporary(file)) return;
      // Linux names the directory itself when it is removed, and then says nothing more.
      if (file === own && !existsSync(directory)) stop();
      hint();
    });
    watcher.on("error", () => {
      // Windows when the directory is removed; any platform when notifications break down.
      stop();
      hint();
    });
  } catch {
    // EMFILE, ENOSPC, ENOENT, ENOSYS …: whatever it is, the poll goes on, and `state` shows it.
  }
  return {
    get state() {
      return watcher === undefined ? "off" : "on";
    },
    stop,
  };
}
