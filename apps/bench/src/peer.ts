/** One way to reach Python. Every peer does the same work, and every answer is checked by the caller. */
export interface Peer {
  readonly name: string;
  start(): Promise<void>;
  /** A text of about 50 bytes there and back. */
  echo(text: string): Promise<string>;
  /** float32 values there, their squares back in an array of the caller's own. */
  square(values: Float32Array): Promise<Float32Array>;
  stop(): Promise<void>;
}
