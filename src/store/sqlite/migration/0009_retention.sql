-- What retention has removed: root executions, or only the output of their commands. What is under way
-- has rows left that are still to be swept away; they count as gone.
CREATE TABLE removal (
    execution_id TEXT NOT NULL PRIMARY KEY,
    template_name TEXT NOT NULL,
    history INTEGER,
    logs INTEGER,
    cause TEXT,
    user TEXT NOT NULL,
    digest TEXT,
    under_way INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- What is to be swept away.
CREATE INDEX removal_under_way ON removal (execution_id) WHERE under_way = 1;
-- The oldest tombstones; the newest of a template.
CREATE INDEX removal_history ON removal (history, execution_id) WHERE history IS NOT NULL;

-- Roots in the order in which they ended.
CREATE INDEX execution_ended ON execution (ended, id) WHERE parent IS NULL AND ended IS NOT NULL;
-- The commands of an execution.
CREATE INDEX command_execution ON command (execution_id);
-- The signals of an execution, heard or not.
CREATE INDEX signal_execution ON signal (execution_id);

-- Bytes of output, kept up with every chunk: adding them up would read all of them.
CREATE TABLE tally (
    what TEXT NOT NULL PRIMARY KEY,
    bytes INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
INSERT INTO tally SELECT 'logs', coalesce(sum(length(data)), 0) FROM log_chunk;
CREATE TRIGGER log_chunk_came AFTER INSERT ON log_chunk BEGIN
    UPDATE tally SET bytes = bytes + length(new.data) WHERE what = 'logs';
END;
CREATE TRIGGER log_chunk_went AFTER DELETE ON log_chunk BEGIN
    UPDATE tally SET bytes = bytes - length(old.data) WHERE what = 'logs';
END;
