-- Triggers that wait to be fired, and those that did.
CREATE TABLE watch (
    execution_id TEXT NOT NULL PRIMARY KEY,
    kind TEXT NOT NULL,
    settings TEXT NOT NULL,
    paused INTEGER NOT NULL,
    resumed INTEGER,
    began INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What became of the times of triggers, and what else fired them. The source is the execution that
-- was started, or the place in the trigger's journal where it says why none was.
CREATE TABLE firing (
    trigger_id TEXT NOT NULL,
    at INTEGER NOT NULL,
    source TEXT NOT NULL,
    nominal INTEGER,
    until INTEGER,
    count INTEGER NOT NULL,
    cause TEXT,
    note TEXT NOT NULL,
    execution_id TEXT,
    PRIMARY KEY (trigger_id, at, source)
) STRICT, WITHOUT ROWID;

-- The last time of a trigger that something became of: nothing begins at or before it any more.
CREATE INDEX firing_until ON firing (trigger_id, until) WHERE until IS NOT NULL;

ALTER TABLE execution ADD COLUMN fired_by TEXT;

-- What a trigger has started; that of it which has not ended.
CREATE INDEX execution_fired ON execution (fired_by, started, id) WHERE fired_by IS NOT NULL;
