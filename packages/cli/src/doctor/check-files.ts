import { mkdtempSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { openFileChannel } from "@tr/file-channel";
import { type Finding, size } from "./finding.js";

/** Whether files can be written in the temporary directory, and whether the workspace tells of new ones. */
export async function checkFiles(workspace: string | undefined): Promise<Finding[]> {
  const temporary = checkTemporary();
  const folder = workspace ?? (temporary.level === "bad" ? undefined : tmpdir());
  return [...(folder === undefined ? [] : [await checkNotifications(folder)]), temporary];
}

/** Longer than a busy machine takes to pass a notification on. */
const hintWithinMs = 2000;

async function checkNotifications(parent: string): Promise<Finding> {
  const about = "file notifications";
  const folder = mkdtempSync(join(parent, "tr-doctor-"));
  const channel = openFileChannel(folder);
  let timer: NodeJS.Timeout | undefined;
  try {
    const begun = performance.now();
    const hinted = await new Promise<boolean>((resolve) => {
      channel.onHint(() => resolve(true));
      timer = setTimeout(() => resolve(false), hintWithinMs);
      writeFileSync(join(folder, "written.txt"), "");
    });
    if (hinted && channel.notifications === "on") {
      const took = (performance.now() - begun).toFixed(1);
      return { level: "fine", about, text: `work in ${parent}, seen after ${took} ms` };
    }
    return {
      level: "note",
      about,
      text: `none in ${parent} within ${hintWithinMs} ms; sessions poll instead, and are slower by milliseconds`,
      mend: "Name a workspace on a local disk with TR_WORKSPACE; on Linux see fs.inotify.max_user_instances.",
    };
  } finally {
    clearTimeout(timer);
    channel.close();
    rmSync(folder, { recursive: true, force: true });
  }
}

function checkTemporary(): Finding {
  const about = "temporary directory";
  const folder = tmpdir();
  try {
    const made = mkdtempSync(join(folder, "tr-doctor-"));
    try {
      writeFileSync(join(made, "written.txt"), "written");
      readFileSync(join(made, "written.txt"));
    } finally {
      rmSync(made, { recursive: true, force: true });
    }
    const { bavail, bsize } = statfsSync(folder);
    return { level: "fine", about, text: `${folder}, ${size(bavail * bsize)} free` };
  } catch (error) {
    const mend = "Make it writable, or name another with TMPDIR (on Windows: TEMP).";
    return { level: "bad", about, text: `${folder}: ${(error as Error).message}`, mend };
  }
}
