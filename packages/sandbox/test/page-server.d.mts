export interface Received {
  readonly path: string;
  readonly body: Record<string, unknown> | undefined;
  /** The client went away before the answer. */
  readonly aborted: boolean;
}

export interface PageServer {
  readonly url: string;
  readonly port: number;
  readonly received: Received[];
  readonly state: {
    token: string | undefined;
    isReady: boolean;
    /** Status and body of the next answer, whatever is asked. */
    nextAnswer: [number, unknown] | undefined;
    /** What the end waits for after the answer to shutdown. */
    beforeEnd?: Promise<void>;
  };
  close(): Promise<void>;
}

export function servePage(options?: {
  port?: number;
  token?: string;
  onShutdown?: () => void;
}): Promise<PageServer>;
