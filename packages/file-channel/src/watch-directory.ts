import { existsSync, type FSWatcher, watch } from "node:fs";
import { basename } from "node:path";
import { isTemporary } from "./file-name.js";

/** Change notifications of a directory or file, until they fail or are stopped. */
export interface Watch {
  readonly state: "on" | "off";
  stop(): void;
}

/**
 * Calls `hint` when something in the directory may have changed. Never fails: inotify's limits
 * (EMFILE for instances, ENOSPC for watches), a file system without notifications, or a directory
 * that is gone only turn the state to "off". The watcher does not keep the program running.
 */
export function watchDirectory(directory: string, hint: () => void): Watch {
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

/** Calls `hint` when the file is changed in place, which is one notification for each write. Never fails. */
export function watchFile(path: string, hint: () => void): Watch {
  let watcher: FSWatcher | undefined;
  const stop = () => {
    watcher?.close();
    watcher = undefined;
  };
  try {
    watcher = watch(path, { persistent: false });
    watcher.on("change", (kind) => {
      if (kind === "rename") stop(); // it was removed
      hint();
    });
    watcher.on("error", stop);
  } catch {
    // As above.
  }
  return {
    get state() {
      return watcher === undefined ? "off" : "on";
    },
    stop,
  };
}
