// Lists of what waits for people, newest first.
import type { Position } from "../rpc/position.ts";

/** Which of them a page is of: the newest, or those after a place in the list. */
export interface OpenedFilter<State> {
  state?: State;
  before?: Position | undefined;
  limit: number;
}

/** The bodies of the rows that a page is of. */
export function newestOpened<Body>(
  sql: SqlStorage,
  table: "approvals" | "forms",
  { state, before, limit }: OpenedFilter<string>,
): Body[] {
  return sql
    .exec<{ body: string }>(
      `SELECT body FROM ${table} WHERE (opened_at, id) < (?, ?) ${state === undefined ? "" : "AND state = ?"}
       ORDER BY opened_at DESC, id DESC LIMIT ?`,
      before?.createdAt ?? Number.MAX_SAFE_INTEGER,
      before?.id ?? "",
      ...(state === undefined ? [] : [state]),
      limit,
    )
    .toArray()
    .map(({ body }) => JSON.parse(body) as Body);
}
