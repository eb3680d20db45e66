import type { FileChannel } from "@tr/file-channel";
import { type Heartbeat, parseHeartbeat } from "@tr/protocol";
import { TrError } from "@tr/protocol/errors";
import { Pulse } from "./pulse.js";

export interface HeartbeatEvents {
  /** Whether somebody wants to know of every beat. */
  readonly isHeard: () => boolean;
  onBeat(beat: Heartbeat): void;
  /** Once, until the next beat. */
  onSilence(silentMs: number): void;
}

/** Looks at a worker's heartbeat, once a second if somebody listens, without keeping this program alive. */
export class HeartbeatWatch {
  readonly #channel: FileChannel;
  readonly #events: HeartbeatEvents;
  readonly #pulse = new Pulse(performance.now());
  #last: Heartbeat | undefined;
  #timer: NodeJS.Timeout | undefined;
  #isStopped = false;

  constructor(channel: FileChannel, events: HeartbeatEvents) {
    this.#channel = channel;
    this.#events = events;
    this.#arm();
  }

  /** The last beat. */
  get last(): Heartbeat | undefined {
    return this.#last;
  }

  get pulse(): Pick<Pulse, "silentMs" | "isUnresponsive"> {
    return this.#pulse;
  }

  look(): void {
    const beat = this.#read();
    const age = beat && { seq: beat.seq, ageMs: Date.now() - beat.timestampMs };
    const news = this.#pulse.look(performance.now(), age);
    if (beat !== undefined && news === "beat") {
      this.#last = beat;
      this.#events.onBeat(beat);
    } else if (news === "silence") this.#events.onSilence(this.#pulse.silentMs);
  }

  /** Somebody is going to listen: the next look may be far away. */
  listen(): void {
    clearTimeout(this.#timer);
    this.#arm(true);
  }

  stop(): void {
    this.#isStopped = true;
    clearTimeout(this.#timer);
  }

  #arm(isHeard = this.#events.isHeard()): void {
    if (this.#isStopped) return; // by what the last look has found
    this.#timer = setTimeout(() => {
      this.look();
      this.#arm();
    }, this.#pulse.plan(isHeard)).unref();
  }

  #read(): Heartbeat | undefined {
    try {
      const bytes = this.#channel.readSync("heartbeat.json", { maxBytes: 1 << 16 });
      return bytes && parseHeartbeat(bytes);
    } catch (error) {
      if (TrError.is(error)) return undefined; // something else in its place is no sign of life
      throw error;
    }
  }
}
