// Bindings that wrangler.toml does not declare: secrets, and what only the local development server sets.
interface Env {
  /** SHA-256 (hex) of the first administrator's token: `wrangler secret put SLUICE_ADMIN_TOKEN_SHA256`. */
  SLUICE_ADMIN_TOKEN_SHA256?: string;
  /** Secret shared with GitHub's webhook settings: `wrangler secret put GITHUB_WEBHOOK_SECRET`. */
  GITHUB_WEBHOOK_SECRET?: string;
  /** How long events are kept, in days: at least, and by default, 30. */
  SLUICE_EVENT_RETENTION_DAYS?: string;
  /** Where finished runs are archived: `[[r2_buckets]]` in wrangler.toml. */
  ARCHIVE?: R2Bucket;
  /** Days after its end that a run is archived and its storage deleted, where there is an archive: 30. */
  SLUICE_ARCHIVE_AFTER_DAYS?: string;
  /** Days after its end that a run's storage is deleted, where there is no archive: 400. */
  SLUICE_RUN_RETENTION_DAYS?: string;
  /** Local development only: sleeps and waits pass this many times faster. Refused by a deployed Worker. */
  SLUICE_TIME_SCALE?: string;
  /** Comma-separated hosts (`127.0.0.1:9000`) that `builtin://http` may call although they are private. */
  SLUICE_HTTP_ALLOW?: string;
  /** Tests only: "1" makes every run throw its fibers away after each step and replay its journal. */
  SLUICE_REPLAY_EVERY_TIME?: string;
}
