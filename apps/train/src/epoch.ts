/** What server.py has reached after an epoch. */
export interface Epoch {
  /** Epochs finished. */
  readonly epochs: number;
  /** Batches the model has learned from, in unfinished epochs too. */
  readonly steps: number;
  /** Mean cross entropy of the epoch's batches; NaN before the first. */
  readonly loss: number;
  /** Share of the points whose class the model tells right. */
  readonly accuracy: number;
}
