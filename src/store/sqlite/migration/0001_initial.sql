-- The record: what happened, in order. Everything that is listed is folded from it.
CREATE TABLE journal (
    execution_id TEXT NOT NULL,
    seq INTEGER NOT NULL,
    event BLOB NOT NULL,
    PRIMARY KEY (execution_id, seq)
) STRICT, WITHOUT ROWID;

CREATE TABLE content (
    digest TEXT NOT NULL PRIMARY KEY,
    text BLOB NOT NULL
) STRICT;

-- Projections. The parts that change with every event are apart from those that may be large.
CREATE TABLE execution (
    id TEXT NOT NULL PRIMARY KEY,
    parent TEXT,
    template_name TEXT NOT NULL,
    template_key TEXT NOT NULL,
    template_version TEXT,
    status TEXT NOT NULL,
    message TEXT NOT NULL,
    waiting TEXT,
    mode TEXT NOT NULL,
    safety_check TEXT NOT NULL,
    role TEXT,
    user TEXT NOT NULL,
    started INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    ended INTEGER
) STRICT, WITHOUT ROWID;

-- `oos list`: the newest roots, page by page.
CREATE INDEX execution_root ON execution (started, id) WHERE parent IS NULL;
-- `oos list` with children.
CREATE INDEX execution_started ON execution (started, id);
-- The children of one execution.
CREATE INDEX execution_parent ON execution (parent, started, id) WHERE parent IS NOT NULL;
-- The executions of one template.
CREATE INDEX execution_template ON execution (template_key, started, id);
-- The executions with one status; those that have not ended.
CREATE INDEX execution_status ON execution (status, started, id);

CREATE TABLE execution_detail (
    id TEXT NOT NULL PRIMARY KEY,
    parameters TEXT NOT NULL,
    outputs TEXT NOT NULL,
    description TEXT NOT NULL,
    tags TEXT NOT NULL
) STRICT;

-- The executions that carry a tag.
CREATE TABLE execution_tag (
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    id TEXT NOT NULL,
    PRIMARY KEY (key, value, id)
) STRICT, WITHOUT ROWID;

-- Item -1 is the task itself.
CREATE TABLE task (
    execution_id TEXT NOT NULL,
    task INTEGER NOT NULL,
    item INTEGER NOT NULL,
    name TEXT NOT NULL,
    action TEXT NOT NULL,
    status TEXT NOT NULL,
    message TEXT NOT NULL,
    waiting TEXT,
    properties TEXT NOT NULL,
    outputs TEXT NOT NULL,
    total INTEGER,
    success INTEGER NOT NULL,
    failed INTEGER NOT NULL,
    running INTEGER NOT NULL,
    skipped INTEGER NOT NULL,
    waiting_items INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    child TEXT,
    begun INTEGER,
    started INTEGER,
    ended INTEGER,
    PRIMARY KEY (execution_id, task, item)
) STRICT, WITHOUT ROWID;

-- The tasks of an execution without their items: counters, current tasks, `oos tasks`.
CREATE INDEX task_top ON task (execution_id, task) WHERE item = -1;

-- The rendered items of a loop, in blocks of 256.
CREATE TABLE loop_block (
    execution_id TEXT NOT NULL,
    task INTEGER NOT NULL,
    block INTEGER NOT NULL,
    items TEXT NOT NULL,
    PRIMARY KEY (execution_id, task, block)
) STRICT;

-- Numbers are never used twice, so that a follower misses nothing.
CREATE TABLE signal (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    execution_id TEXT NOT NULL,
    signal BLOB NOT NULL,
    settled INTEGER NOT NULL DEFAULT 0,
    refusal TEXT
) STRICT;

-- The signals that wait for one execution.
CREATE INDEX signal_waiting ON signal (execution_id, number) WHERE settled = 0;

CREATE TABLE template (
    key TEXT NOT NULL,
    version INTEGER NOT NULL,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    created INTEGER NOT NULL,
    PRIMARY KEY (key, version)
) STRICT, WITHOUT ROWID;

-- Documents of the provider; numbers give the order of creation.
CREATE TABLE record (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,
    id TEXT NOT NULL,
    revision INTEGER NOT NULL,
    tags TEXT NOT NULL,
    document TEXT NOT NULL,
    UNIQUE (kind, id)
) STRICT;

-- All records of a kind, oldest first.
CREATE INDEX record_kind ON record (kind, number);

-- The records of a kind that carry a tag, oldest first.
CREATE TABLE record_tag (
    kind TEXT NOT NULL,
    key TEXT NOT NULL,
    value TEXT NOT NULL,
    record INTEGER NOT NULL,
    PRIMARY KEY (kind, key, value, record)
) STRICT, WITHOUT ROWID;

CREATE TABLE log (
    number INTEGER PRIMARY KEY,
    execution_id TEXT NOT NULL,
    task TEXT NOT NULL,
    item INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    UNIQUE (execution_id, task, item, attempt)
) STRICT;

CREATE TABLE log_chunk (
    id INTEGER PRIMARY KEY,
    log INTEGER NOT NULL,
    chunk INTEGER NOT NULL,
    first_line INTEGER NOT NULL,
    stdout INTEGER NOT NULL,
    stderr INTEGER NOT NULL,
    data BLOB NOT NULL
) STRICT;

-- The chunk in which a line begins; the last chunk of a log.
CREATE UNIQUE INDEX log_chunk_line ON log_chunk (log, first_line, chunk);
