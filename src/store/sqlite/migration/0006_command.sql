-- Which commands were started on an instance, attempt by attempt: the time line of a host. Newest
-- first is the key read backwards. What was recorded before is folded into it from the journals.
CREATE TABLE command (
    target TEXT NOT NULL,
    started INTEGER NOT NULL,
    execution_id TEXT NOT NULL,
    task INTEGER NOT NULL,
    item INTEGER NOT NULL,
    attempt INTEGER NOT NULL,
    status TEXT NOT NULL,
    code TEXT NOT NULL,
    ended INTEGER,
    PRIMARY KEY (target, started, execution_id, task, item, attempt)
) STRICT, WITHOUT ROWID;
