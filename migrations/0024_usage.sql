-- What a person used on a day, of each model. day: days since 1970 in UTC; model: its id, empty for what was counted
-- before models were.
CREATE TABLE spending (
    user_id  TEXT NOT NULL,
    day      INTEGER NOT NULL,
    model    TEXT NOT NULL,
    messages INTEGER NOT NULL,
    tokens   INTEGER NOT NULL,
    PRIMARY KEY (user_id, day, model)
) STRICT, WITHOUT ROWID;
INSERT INTO spending SELECT user_id, day, '', messages, tokens FROM budgets;
DROP TABLE budgets;
ALTER TABLE spending RENAME TO budgets;
CREATE INDEX budgets_of_day ON budgets (day);

-- Models that not everybody may ask. access: admins, nobody.
CREATE TABLE model_access (
    model  TEXT NOT NULL PRIMARY KEY,
    access TEXT NOT NULL
) STRICT, WITHOUT ROWID;
