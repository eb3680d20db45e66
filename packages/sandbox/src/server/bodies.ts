// The routes' bodies, as the gateway has checked them.

export interface WorkerBody {
  worker_id: string;
  /** Comes back in `meta`, is given to tools, and stands in the log. Default: a fresh one. */
  trace_id?: string | null | undefined;
}

export interface Action {
  /** `type:name`, or a name that only one tool has. */
  action: string;
  params?: Readonly<Record<string, unknown>> | null | undefined;
  /** For the tool alone, in seconds. Default: none. */
  timeout?: number | null | undefined;
}

export interface ExecuteBody extends WorkerBody, Action {}

export interface BatchBody extends WorkerBody {
  actions: readonly Action[];
  /** All at once; then `stop_on_error` says nothing. Default: false. */
  parallel?: boolean | undefined;
  /** Default: true. */
  stop_on_error?: boolean | undefined;
}

export interface TypeBody extends WorkerBody {
  resource_type: string;
}

export interface CreateBody extends TypeBody {
  session_config?: object | null | undefined;
  /** What `session_name` is then. */
  custom_name?: string | null | undefined;
}

export interface RefreshBody extends WorkerBody {
  /** Default: all of the worker's. */
  resource_type?: string | null | undefined;
}

export interface InitResourceBody extends TypeBody {
  init_config?: object | null | undefined;
}

export interface InitBatchBody extends WorkerBody {
  /** `{ type: { content: config } }`; without `content` the whole is the config. */
  resource_configs: Readonly<Record<string, object>>;
}

export interface InitFromConfigBody extends WorkerBody {
  /** Inside the server's folder: relative to it, or absolute. */
  config_path: string;
  /** Merged over what the file says. */
  override_params?: object | null | undefined;
}

export interface WarmupBody {
  /** Default: all. */
  backends?: readonly string[] | null | undefined;
}
