//! Idempotency keys, in SQLite: one row for each key that was used within the last day.

use sqlx::SqliteConnection;

use crate::server::store::{KEY_LIFE, Key};

/// Replaces a key that is no longer valid.
const USE_KEY: &str = "
    INSERT OR REPLACE INTO idempotency_keys (user_id, conversation_id, key, request, answer_id, created_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6)";

const USED_FOR: &str = "
    SELECT request FROM idempotency_keys
    WHERE user_id = ?1 AND conversation_id = ?2 AND key = ?3 AND created_at > ?4";

/// Remembers what a key was used for.
pub(super) async fn use_key(
    tx: &mut SqliteConnection,
    user_id: &str,
    scope: &str,
    key: &Key,
    answer_id: &str,
    now: i64,
) -> sqlx::Result<()> {
    sqlx::query(USE_KEY)
        .bind(user_id)
        .bind(scope)
        .bind(&key.name)
        .bind(&key.request)
        .bind(answer_id)
        .bind(now)
        .execute(tx)
        .await
        .map(|_| ())
}

/// What the key was used for in this scope, whatever became of it: [`Key::request`].
pub(super) async fn used_for(
    tx: &mut SqliteConnection,
    (user_id, scope): (&str, &str),
    key: &Key,
    now: i64,
) -> sqlx::Result<Option<Option<String>>> {
    let used = sqlx::query_scalar(USED_FOR).bind(user_id).bind(scope).bind(&key.name);
    used.bind(now - KEY_LIFE).fetch_optional(tx).await
}
