// Tokens: who holds them and what they may do. Only their digests are here.
import type { Identity, Role, TokenView } from "../../src/protocol/token.ts";

/** Writing at every call would make each request a write. */
const LAST_USED_RESOLUTION_MS = 60_000;

type Row = {
  id: string;
  subject: string;
  role: Role;
  created_at: number;
  expires_at: number | null;
  last_used_at: number | null;
  tags: string | null;
};

function tagsOf({ tags }: Row): { tags?: string[] } {
  return tags === null ? {} : { tags: JSON.parse(tags) as string[] };
}

function view(row: Row): TokenView {
  return {
    id: row.id,
    subject: row.subject,
    role: row.role,
    createdAt: row.created_at,
    ...(row.expires_at !== null && { expiresAt: row.expires_at }),
    ...(row.last_used_at !== null && { lastUsedAt: row.last_used_at }),
    ...tagsOf(row),
  };
}

export class TokenRows {
  readonly #sql: SqlStorage;

  constructor(sql: SqlStorage) {
    this.#sql = sql;
  }

  /** False when the id or the digest is taken. */
  insert(
    token: { id: string; digest: string; subject: string; role: Role; expiresAt?: number; tags?: string[] },
    now: number,
  ): boolean {
    const { rowsWritten } = this.#sql.exec(
      `INSERT OR IGNORE INTO tokens (id, digest, subject, role, created_at, expires_at, tags)
       VALUES (?, ?, ?, ?, ?, ?, ?)`,
      token.id,
      token.digest,
      token.subject,
      token.role,
      now,
      token.expiresAt ?? null,
      token.tags ? JSON.stringify(token.tags) : null,
    );
    return rowsWritten > 0;
  }

  get(id: string): TokenView | undefined {
    const row = this.#sql.exec<Row>("SELECT * FROM tokens WHERE id = ?", id).toArray()[0];
    return row && view(row);
  }

  /** Who a digest stands for; undefined when nobody, or no longer. */
  use(digest: string, now: number): Identity | undefined {
    const row = this.#sql.exec<Row>("SELECT * FROM tokens WHERE digest = ?", digest).toArray()[0];
    if (!row || (row.expires_at !== null && row.expires_at <= now)) return undefined;
    if (row.last_used_at === null || row.last_used_at <= now - LAST_USED_RESOLUTION_MS) {
      this.#sql.exec("UPDATE tokens SET last_used_at = ? WHERE id = ?", now, row.id);
    }
    return { subject: row.subject, role: row.role, tokenId: row.id, ...tagsOf(row) };
  }

  all(): TokenView[] {
    return this.#sql.exec<Row>("SELECT * FROM tokens ORDER BY created_at DESC, id").toArray().map(view);
  }

  /** Forgets tokens that expired before `expiredBefore`. */
  prune(expiredBefore: number): void {
    this.#sql.exec("DELETE FROM tokens WHERE expires_at < ?", expiredBefore);
  }

  remove(id: string): boolean {
    return this.#sql.exec("DELETE FROM tokens WHERE id = ?", id).rowsWritten > 0;
  }
}
