import { accessSync, constants } from "node:fs";
import { delimiter, join } from "node:path";

const places = [
  process.env.CHROMIUM,
  "/usr/bin/chromium",
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  ...["chromium", "chromium-browser", "google-chrome", "chrome.exe"].flatMap((name) =>
    (process.env.PATH ?? "").split(delimiter).map((folder) => join(folder, name)),
  ),
];

/** The path of a Chromium on this machine, or undefined. CHROMIUM names one. */
export function findChromium(): string | undefined {
  return places.find((path) => {
    if (!path) return false;
    try {
      accessSync(path, constants.X_OK);
      return true;
    } catch {
      return false; // Not there, or not a program.
    }
  });
}

export const chromiumFlags = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
