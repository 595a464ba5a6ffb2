-- When the settings of a trigger were last changed.
ALTER TABLE watch ADD COLUMN renewed INTEGER;
