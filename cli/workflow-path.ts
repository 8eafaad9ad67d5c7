/** Where the API has a workflow. */
export function workflowPath(name: string): string {
  return `/v1/workflows/${encodeURIComponent(name)}`;
}
