import type { Logger } from "pino";
import type { Registry } from "prom-client";
import type { App } from "./http/app.js";

/** What the gateway gives to each of its parts. */
export interface GatewayContext {
  readonly log: Logger;
  readonly metrics: Registry;
}

/** What a part says of itself in `GET /health`. */
export interface ModuleHealth {
  /** Why it could serve no request now; not there: it could. */
  readonly trouble?: string | undefined;
  /** Its own fields of the answer. */
  readonly fields: Readonly<Record<string, unknown>>;
}

/** A group of routes and what works behind them: the chat, and whatever else a gateway carries. */
export interface GatewayModule {
  /** Adds its routes. */
  register(app: App): void;
  health(): ModuleHealth;
  /** Resolves when it can serve. @throws why it never will. */
  ready(signal: AbortSignal): Promise<void>;
  /** Takes nothing new; resolves when what runs has ended, which it is made to when `deadline` aborts. */
  drain(deadline: AbortSignal): Promise<void>;
  /** Ends everything it has started. After `drain`. */
  close(): Promise<void>;
}
