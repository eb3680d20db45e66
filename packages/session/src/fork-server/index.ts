export { forkWorker } from "./fork-worker.js";
export { readyTemplate } from "./templates.js";
