// The Worker: the HTTP application, and the actors it is made of.
import { createApp } from "./http/app.ts";

export { Catalog } from "../durable-objects/catalog.ts";
export { Directory } from "../durable-objects/directory.ts";
export { Environment } from "../durable-objects/environment.ts";
export { EventBus } from "../durable-objects/event-bus.ts";
export { JobRouter } from "../durable-objects/job-router.ts";
export { Lock } from "../durable-objects/lock.ts";
export { WorkflowRun } from "../durable-objects/workflow-run.ts";

export default createApp() satisfies ExportedHandler<Env>;
