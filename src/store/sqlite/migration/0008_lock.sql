-- Wishes of units for locks, granted or waiting, in the order in which they came.
-- Stage: 0 waits for its names, 1 waits for a place in its group, 2 granted, 3 at work.
CREATE TABLE lock_wish (
    number INTEGER PRIMARY KEY AUTOINCREMENT,
    execution_id TEXT NOT NULL,
    root_id TEXT NOT NULL,
    task INTEGER NOT NULL,
    item INTEGER NOT NULL,
    inside TEXT,
    wish TEXT NOT NULL,
    in_group TEXT,
    most INTEGER,
    stage INTEGER NOT NULL,
    UNIQUE (execution_id, task, item)
) STRICT;

-- What a unit that an execution runs in has.
CREATE INDEX lock_wish_inside ON lock_wish (inside) WHERE inside IS NOT NULL;

-- The wishes of a root execution, and whether there are others.
CREATE INDEX lock_wish_root ON lock_wish (root_id, stage);

-- Who is next in a group.
CREATE INDEX lock_wish_place ON lock_wish (in_group, number) WHERE stage = 1;

-- Who is in change in a group.
CREATE INDEX lock_wish_in_change ON lock_wish (in_group) WHERE stage > 1 AND in_group IS NOT NULL;

-- Whose turn has come.
CREATE INDEX lock_wish_turn ON lock_wish (number) WHERE stage = 2;

-- The names that wishes are for; the lowest number has the name, or will.
CREATE TABLE lock_name (
    name TEXT NOT NULL,
    number INTEGER NOT NULL REFERENCES lock_wish (number),
    PRIMARY KEY (name, number)
) STRICT, WITHOUT ROWID;

-- The names of a wish.
CREATE INDEX lock_name_number ON lock_name (number);
