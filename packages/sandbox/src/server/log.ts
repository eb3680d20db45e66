/** Where the server's events go; a pino logger fits. */
export type SandboxLog = Record<
  "debug" | "info" | "warn" | "error",
  (fields: object, message: string) => void
>;
