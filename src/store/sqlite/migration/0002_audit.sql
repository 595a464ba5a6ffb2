-- Who did what: each record holds the digest of the one before it. Numbers are never used twice, so
-- that an end that was cut off leaves a trace.
CREATE TABLE audit (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    at INTEGER NOT NULL,
    actor TEXT NOT NULL,
    origin TEXT NOT NULL,
    action TEXT NOT NULL,
    subject TEXT NOT NULL,
    detail TEXT NOT NULL,
    previous TEXT NOT NULL,
    digest TEXT NOT NULL
) STRICT;

-- How far journals went before there were audit records; the first record holds its digest.
CREATE TABLE unaudited (
    execution_id TEXT NOT NULL PRIMARY KEY,
    seq INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

INSERT INTO unaudited SELECT execution_id, max(seq) FROM journal GROUP BY execution_id;
