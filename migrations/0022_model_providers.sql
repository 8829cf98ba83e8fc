-- Model providers that administrators added in the browser. api_key: sealed with a key made from the server's secret, and
-- bound to the id; models: a JSON list of names, empty to ask the provider.
CREATE TABLE model_providers (
    id       TEXT    NOT NULL PRIMARY KEY,
    name     TEXT    NOT NULL UNIQUE,
    label    TEXT    NOT NULL,
    base_url TEXT    NOT NULL,
    api_key  TEXT,
    models   TEXT    NOT NULL,
    context  INTEGER,
    position INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
