// The schema, one step a version. Append only: a step that was ever released is never changed, a mistake gets a new step.
// Must not hold a value or run anything: plain SQL, each step in one transaction of its own (open.ts).

/** Step n (from 1) takes the schema from version n-1 to n. */
export const MIGRATIONS: readonly string[] = [
  `CREATE TABLE exchanges (
     seq INTEGER PRIMARY KEY AUTOINCREMENT,
     id TEXT NOT NULL UNIQUE,
     started_at_ms INTEGER NOT NULL,
     client TEXT NOT NULL,
     protocol TEXT NOT NULL,
     host TEXT NOT NULL,
     port INTEGER NOT NULL,
     method TEXT NOT NULL,
     path TEXT NOT NULL,
     provider TEXT NOT NULL,
     endpoint TEXT NOT NULL,
     status INTEGER NOT NULL,
     fault TEXT,
     verdict TEXT NOT NULL,
     edits TEXT NOT NULL,
     restored INTEGER NOT NULL,
     request_bytes INTEGER NOT NULL,
     reply_bytes INTEGER NOT NULL,
     added_ms REAL NOT NULL,
     duration_ms REAL NOT NULL,
     equality TEXT NOT NULL
   ) STRICT;
   CREATE INDEX exchanges_by_time ON exchanges (started_at_ms);`,
  `CREATE TABLE data_keys (
     id TEXT PRIMARY KEY,
     wrapped TEXT NOT NULL,
     source TEXT NOT NULL,
     created_at_ms INTEGER NOT NULL
   ) STRICT;
   CREATE TABLE own_keys (
     name TEXT PRIMARY KEY,
     sealed TEXT NOT NULL
   ) STRICT;`,
  `ALTER TABLE data_keys ADD COLUMN is_current INTEGER NOT NULL DEFAULT 0;
   ALTER TABLE data_keys ADD COLUMN seals INTEGER NOT NULL DEFAULT 0;
   UPDATE data_keys SET is_current = 1 WHERE id = (SELECT id FROM data_keys ORDER BY created_at_ms DESC, id LIMIT 1);
   CREATE UNIQUE INDEX data_keys_current ON data_keys (is_current) WHERE is_current = 1;
   CREATE TABLE key_source (
     only INTEGER PRIMARY KEY CHECK (only = 1),
     name TEXT NOT NULL,
     facts TEXT NOT NULL,
     since_ms INTEGER NOT NULL,
     leaving TEXT,
     leaving_facts TEXT
   ) STRICT;
   INSERT INTO key_source (only, name, facts, since_ms) SELECT 1, source, '', created_at_ms FROM data_keys WHERE is_current = 1;
   ALTER TABLE data_keys DROP COLUMN source;`,
  `CREATE TABLE profiles (
     name TEXT PRIMARY KEY,
     rules TEXT NOT NULL,
     vault TEXT NOT NULL,
     requests_per_minute INTEGER,
     tokens_per_day INTEGER,
     log TEXT NOT NULL
   ) STRICT;
   INSERT INTO profiles (name, rules, vault, log) VALUES ('default', '[]', '["*"]', 'meta');
   CREATE TABLE client_tokens (
     id TEXT PRIMARY KEY,
     profile TEXT NOT NULL REFERENCES profiles (name) ON DELETE CASCADE,
     mac BLOB NOT NULL,
     created_at_ms INTEGER NOT NULL,
     expires_at_ms INTEGER,
     revoked_at_ms INTEGER,
     last_used_at_ms INTEGER,
     note TEXT NOT NULL
   ) STRICT;
   ALTER TABLE exchanges ADD COLUMN profile TEXT NOT NULL DEFAULT 'default';`,
  `CREATE TABLE rules (
     id TEXT PRIMARY KEY,
     position INTEGER NOT NULL,
     enabled INTEGER NOT NULL,
     rule TEXT NOT NULL,
     created_at_ms INTEGER NOT NULL,
     changed_at_ms INTEGER NOT NULL
   ) STRICT;`,
  // Rows of exchanges were not chained, and nobody could vouch for them now: they stay in the backup of this step.
  `DROP TABLE exchanges;
   CREATE TABLE audit_facets (
     id INTEGER PRIMARY KEY,
     kind TEXT NOT NULL,
     client TEXT NOT NULL,
     host TEXT NOT NULL,
     verdict TEXT NOT NULL,
     UNIQUE (kind, client, host, verdict)
   ) STRICT;
   CREATE TABLE audit (
     seq INTEGER PRIMARY KEY,
     at_ms INTEGER NOT NULL,
     facet INTEGER NOT NULL REFERENCES audit_facets (id),
     content TEXT NOT NULL,
     mac BLOB NOT NULL
   ) STRICT;
   CREATE INDEX audit_by_facet ON audit (facet);
   CREATE INDEX audit_by_time ON audit (at_ms);
   CREATE TABLE audit_head (
     id INTEGER PRIMARY KEY CHECK (id = 1),
     seq INTEGER NOT NULL,
     mac BLOB NOT NULL,
     bytes INTEGER NOT NULL,
     seal BLOB NOT NULL
   ) STRICT;`,
  `CREATE TABLE credentials (
     id TEXT PRIMARY KEY,
     name TEXT NOT NULL UNIQUE,
     facts TEXT NOT NULL,
     sealed TEXT,
     reference TEXT,
     placeholder TEXT NOT NULL UNIQUE,
     created_at_ms INTEGER NOT NULL,
     changed_at_ms INTEGER NOT NULL,
     CHECK ((sealed IS NULL) <> (reference IS NULL))
   ) STRICT;`,
  `CREATE TABLE kept_states (
     machine TEXT NOT NULL,
     key TEXT NOT NULL,
     state TEXT NOT NULL,
     changed_at_ms INTEGER NOT NULL,
     PRIMARY KEY (machine, key)
   ) STRICT;`,
  `ALTER TABLE profiles ADD COLUMN money_per_day REAL;
   ALTER TABLE profiles ADD COLUMN over_budget TEXT NOT NULL DEFAULT 'warn';
   CREATE TABLE usage (
     day TEXT NOT NULL,
     profile TEXT NOT NULL,
     provider TEXT NOT NULL,
     model TEXT NOT NULL,
     requests INTEGER NOT NULL,
     tokens_in INTEGER NOT NULL,
     cached_in INTEGER NOT NULL,
     cache_write_in INTEGER NOT NULL,
     tokens_out INTEGER NOT NULL,
     PRIMARY KEY (day, profile, provider, model)
   ) STRICT, WITHOUT ROWID;`,
  `ALTER TABLE profiles ADD COLUMN masked_until_ms INTEGER;
   CREATE TABLE captures (
     id TEXT PRIMARY KEY,
     at_ms INTEGER NOT NULL,
     sealed TEXT NOT NULL
   ) STRICT;
   CREATE INDEX captures_by_time ON captures (at_ms);`,
];
