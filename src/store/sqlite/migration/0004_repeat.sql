-- Which execution repeats which, and whether it does only the rest of it.
CREATE TABLE repeat (
    id TEXT NOT NULL PRIMARY KEY,
    execution TEXT NOT NULL,
    rest INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- The executions that repeat one.
CREATE INDEX repeat_execution ON repeat (execution, id);
