import { spawnSync } from "node:child_process";

/** Signals a process and everything it has started. Nothing happens when it is gone. */
export function killGroup(pid: number, signal: "SIGTERM" | "SIGKILL"): void {
  if (process.platform === "win32") {
    // Windows has no groups and no SIGTERM: without /F a program with no window ignores taskkill.
    const force = signal === "SIGKILL" ? ["/F"] : [];
    spawnSync("taskkill", [...force, "/T", "/PID", String(pid)], { windowsHide: true });
    return;
  }
  try {
    process.kill(-pid, signal);
  } catch (error) {
    // ESRCH: all gone. EPERM: macOS says so for a group of zombies.
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "ESRCH" && code !== "EPERM") throw error;
  }
}
