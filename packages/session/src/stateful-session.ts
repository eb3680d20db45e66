import { SessionEmitter } from "./session-emitter.js";
import { isRunning, nextState, type SessionEvent, type SessionState } from "./state.js";

/** A session's state: one value, changed in one place, and told. */
export abstract class StatefulSession extends SessionEmitter {
  #state: SessionState = { status: "idle" };

  get state(): SessionState {
    return this.#state;
  }

  /** Whether the worker waits for a request. */
  isReady(): boolean {
    return this.#state.status === "ready";
  }

  /** Whether a request has not been answered yet. */
  isBusy(): boolean {
    return this.#state.status === "busy";
  }

  protected get isRunning(): boolean {
    return isRunning(this.#state);
  }

  protected apply(event: SessionEvent): void {
    const before = this.#state;
    this.#state = nextState(before, event);
    if (this.#state !== before) this.tell("state", this.#state);
  }
}
