-- What version 5 has more than the one before it: service keys with scopes.

CREATE TABLE IF NOT EXISTS scoped_keys (
    id BLOB PRIMARY KEY,
    name TEXT NOT NULL,
    purpose TEXT,
    scopes INTEGER NOT NULL,
    digest BLOB NOT NULL UNIQUE,
    created_at INTEGER NOT NULL,
    expires_at INTEGER,
    revoked_at INTEGER,
    sum INTEGER NOT NULL DEFAULT 0
) STRICT, WITHOUT ROWID;

INSERT INTO scoped_keys VALUES (X'01a22821ce950bc24755e690e1cc31a9', 'shop', NULL, 1,
    X'cfa8fa188243503d7e1e2a733b57a676a7f5e25da5efdc4a053a11bb5c74c8e7', 1795969633941, NULL, NULL,
    -5341758714527775565);
INSERT INTO scoped_keys VALUES (X'01a22821cebe265a93b4e3e7fe9ccde1', 'ci', 'the nightly job', 128,
    X'cdfec99cf4a7649b8181d0fd32acff729237b4072e20462f7116a2628bc6a4e8', 1795969633982, NULL, NULL,
    -5833085850986456795);

PRAGMA user_version = 5;
