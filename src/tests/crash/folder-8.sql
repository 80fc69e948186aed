-- What version 8 has more than the one before it: the file has an age, 1 here. It stands in the bits
-- above the version.

PRAGMA user_version = 264;
