// What the simulation's bundle is made of: the actors as they are deployed, and what sets their time and chance.
export { Catalog } from "../durable-objects/catalog.ts";
export { Directory } from "../durable-objects/directory.ts";
export { Environment } from "../durable-objects/environment.ts";
export { EventBus } from "../durable-objects/event-bus.ts";
export { JobRouter } from "../durable-objects/job-router.ts";
export { Lock } from "../durable-objects/lock.ts";
export { WorkflowRun } from "../durable-objects/workflow-run.ts";
export { evaluatePolicy } from "../src/policy/index.ts";
export { usePlatform } from "./platform.ts";
