import { type ScriptedHost, timeless } from "./scripted-host.ts";

/** Everything that is left of a run, here and at the others that got a message, but for when. */
export function remains(host: ScriptedHost) {
  return {
    finished: host.finished,
    records: timeless(host.records),
    jobs: [...host.jobs.values()],
    emitted: [...host.emitted.keys()],
    approvals: [...host.approvals.values()].map(({ id, state, resolvedBy }) => [id, state, resolvedBy]),
    forms: [...host.forms.values()].map(({ id, state, values }) => [id, state, values]),
    held: host.held,
    children: [...host.children.values()].map(({ command, workflow, state }) => [command, workflow, state]),
    closed: host.closed,
    deployments: host.deployments.map(({ at: _at, ...deployment }) => deployment),
    log: host.log,
    timers: host.timers.size,
    waits: host.waits.size,
  };
}
