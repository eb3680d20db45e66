import type { Finding } from "./finding.js";

/** `engines.node` of all packages. */
const oldest = [22, 12] as const;

export function checkNode(version = process.versions.node): Finding {
  const [major = 0, minor = 0] = version.split(".").map(Number);
  const isNew = major > oldest[0] || (major === oldest[0] && minor >= oldest[1]);
  const about = "Node";
  if (isNew) return { level: "fine", about, text: version };
  const mend = `Install Node ${oldest.join(".")} or newer: https://nodejs.org`;
  return { level: "bad", about, text: `${version} is too old`, mend };
}
