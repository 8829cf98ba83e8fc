//! What the statements about two people have in common, in SQLite.

/// SQL: the id of the other person of the direct conversation whose row of `directs` is at hand; the reader is `?2`.
macro_rules! other_id {
    () => {
        "iif(directs.low_id = ?2, directs.high_id, directs.low_id)"
    };
}

/// SQL: the name of that person: the account's, or what they were called when the conversation began.
macro_rules! other_name {
    () => {
        concat!(
            "coalesce((SELECT users.name FROM users WHERE users.id = ",
            crate::server::store::sqlite::pairs::other_id!(),
            "), iif(directs.low_id = ?2, directs.high_name, directs.low_name))"
        )
    };
}

/// SQL: whether one of these two people has blocked the other.
macro_rules! blocked {
    ($one:literal, $other:literal) => {
        concat!(
            "EXISTS (SELECT 1 FROM blocks WHERE (blocks.user_id = ",
            $one,
            " AND blocks.blocked_id = ",
            $other,
            ") OR (blocks.user_id = ",
            $other,
            " AND blocks.blocked_id = ",
            $one,
            "))"
        )
    };
}

pub(super) use {blocked, other_id, other_name};
