import { randomBytes } from "node:crypto";

const longestWorkerPart = 32;

/** `vm_worker-1_003` unless its caller named it, and an id that nobody can guess or use twice. */
export function nameSession(
  workerId: string,
  resourceType: string,
  count: number,
  customName: string | undefined,
): { session_id: string; session_name: string } {
  const worker = workerId.replaceAll(/[^\w-]+/g, "-").slice(0, longestWorkerPart);
  const readable = `${resourceType}_${worker}_${String(count).padStart(3, "0")}`;
  return {
    session_id: `${readable}_${randomBytes(8).toString("hex")}`,
    session_name: customName || readable,
  };
}
