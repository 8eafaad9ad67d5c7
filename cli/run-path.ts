/** Where the API has a run. */
export function runPath(id: string): string {
  return `/v1/runs/${encodeURIComponent(id)}`;
}
