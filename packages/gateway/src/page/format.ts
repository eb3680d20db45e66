const times = new Intl.DateTimeFormat("en-GB", { timeStyle: "medium" });

/** The time of day of an ISO timestamp or of seconds since 1970, as `14:03:59`. */
export function clock(time: string | number): string {
  return times.format(typeof time === "number" ? time * 1000 : new Date(time));
}

export function duration(seconds: number | undefined): string {
  if (seconds === undefined) return "";
  if (seconds < 1) return `${Math.round(seconds * 1000)} ms`;
  if (seconds < 60) return `${seconds.toFixed(1)} s`;
  return `${Math.floor(seconds / 60)} min ${Math.floor(seconds % 60)} s`;
}

/** From one ISO timestamp to another. */
export function between(start: string | undefined, end: string): string {
  if (start === undefined) return "";
  return duration(Math.max(0, (Date.parse(end) - Date.parse(start)) / 1000));
}

export function mebibytes(bytes: number | undefined): string {
  return bytes === undefined ? "" : `${(bytes / 2 ** 20).toFixed(0)} MiB`;
}

export function counted(count: number, one: string, many = `${one}s`): string {
  return `${count} ${count === 1 ? one : many}`;
}
