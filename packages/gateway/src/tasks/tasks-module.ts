import type { ChatModule } from "../chat/chat.js";
import type { GatewayContext, GatewayModule } from "../gateway-module.js";
import { TaskDatabase } from "./database.js";
import { taskMetrics } from "./metrics.js";
import { resolveTasksOptions, type TasksOptions } from "./options.js";
import { Retention } from "./retention.js";
import { taskRoutes } from "./routes.js";
import { type EndState, hasEnded, type Task } from "./task.js";
import { TaskStore } from "./task-store.js";
import { Tasks } from "./tasks.js";

/** What `listen()` opens. */
interface Opened {
  readonly database: TaskDatabase;
  readonly retention: Retention;
  readonly tasks: Tasks;
}

/** The task routes: a chat's questions that nobody waits for. @throws TrError `TR_INVALID_ARGUMENT`. */
export function createTasks(
  options: TasksOptions,
  chat: ChatModule,
  { log, metrics }: GatewayContext,
): GatewayModule {
  const resolved = resolveTasksOptions(options);
  let opened: Opened | undefined;
  let timer: NodeJS.Timeout | undefined;
  const measure = taskMetrics(metrics, (state) => opened?.tasks.store.count(state) ?? 0);
  const onEnd = ({ id, state, events, attempts }: Task) => {
    measure.ended(state as EndState);
    log.info({ session: id, state, events, attempts }, `a task has ended: ${state}`);
  };
  const open = (): Opened => {
    const database = new TaskDatabase(resolved.dataDir);
    const store = new TaskStore(database);
    const retention = new Retention(database, resolved);
    const { sessions, slots: lanes } = chat;
    const context = { sessions, lanes, store, retention, log, onEnd, options: resolved };
    return { database, retention, tasks: new Tasks(context) };
  };
  return {
    register(app) {
      opened = open();
      const { tasks } = opened;
      for (const task of tasks.store.recover()) {
        if (hasEnded(task)) onEnd(task);
        else log.info({ session: task.id }, "a task was cut off, and waits again");
      }
      taskRoutes(app, tasks, chat.sending);
      app.addHook("onListen", async () => {
        tasks.feed();
        tasks.forget();
        timer = setInterval(() => tasks.forget(), opened?.retention.intervalMs).unref();
      });
    },
    health: () => ({ fields: {} }),
    ready: async () => {},
    async drain() {
      await opened?.tasks.drain();
    },
    async close() {
      clearInterval(timer);
      await opened?.retention.close();
      opened?.database.close();
    },
  };
}
