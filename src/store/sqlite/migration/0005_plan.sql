-- What approvals of a run are given for, and whether the one who started it may give them.
ALTER TABLE execution ADD COLUMN plan TEXT;
ALTER TABLE execution ADD COLUMN self_approval INTEGER NOT NULL DEFAULT 0;
