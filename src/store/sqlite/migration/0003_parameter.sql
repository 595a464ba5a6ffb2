-- The parameter store: texts that templates name. A secret's value is sealed with the vault's key.
CREATE TABLE parameter (
    secret INTEGER NOT NULL,
    name TEXT NOT NULL,
    version INTEGER NOT NULL,
    value BLOB NOT NULL,
    description TEXT NOT NULL,
    user TEXT NOT NULL,
    created INTEGER NOT NULL,
    updated INTEGER NOT NULL,
    PRIMARY KEY (secret, name)
) STRICT, WITHOUT ROWID;

-- How the key of secrets is had, and a sealed text that proves it right. One row, or none.
CREATE TABLE vault (
    number INTEGER PRIMARY KEY CHECK (number = 1),
    lock TEXT NOT NULL,
    proof BLOB NOT NULL
) STRICT;
