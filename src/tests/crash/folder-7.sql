-- What version 7 has more than the one before it: partings.

CREATE TABLE IF NOT EXISTS partings (
    mark BLOB PRIMARY KEY,
    until INTEGER NOT NULL,
    sum INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

INSERT INTO partings VALUES (X'7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a7a', 7258118400000,
    932810842437152391);

PRAGMA user_version = 7;
