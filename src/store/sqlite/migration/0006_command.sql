-- Which commands were started on an instance, attempt by attempt: the time line of a host. Newest
-- first is the key read backwards.
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

-- The latest attempts of what was recorded before; `oos store rebuild` finds the earlier ones.
INSERT OR IGNORE INTO command
SELECT json_extract(properties, '$.instanceId'), started, execution_id, task, item, attempt, status,
    CASE WHEN status = 'Failed' AND instr(message, ': ') > 0
        THEN substr(message, 1, instr(message, ': ') - 1) ELSE '' END,
    ended
FROM task
WHERE lower(action) IN ('acs::ecs::runcommand', 'acs::ecs::invokecommand')
    AND started IS NOT NULL AND json_extract(properties, '$.instanceId') IS NOT NULL;
