-- What version 6 has more than the one before it: deeds.

CREATE TABLE IF NOT EXISTS deeds (
    key BLOB PRIMARY KEY,
    meaning BLOB NOT NULL,
    at INTEGER NOT NULL,
    mark BLOB NOT NULL,
    done INTEGER NOT NULL,
    sum INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

CREATE INDEX IF NOT EXISTS deeds_by_time ON deeds (at);

INSERT INTO deeds VALUES (X'1a4b2eddd458343f83a40c811d3b2492',
    X'4cede753f6e87bdf68fff155eeae6bf8', 1795969633758, X'01a22821cdde7d3adeca239e16a5995c', 0,
    7871109676902281955);

PRAGMA user_version = 6;
