//! [`kept_alive`]: a stream with a sign of life in each silence.

use std::time::Duration;

use futures::{Stream, StreamExt, stream};

/// Proxies close a connection that is silent for a minute, and a page cannot tell a silent connection from a dead one.
pub const EVERY: Duration = Duration::from_secs(15);

/// The stream, with `sign` whenever nothing came for as long as `every`.
pub fn kept_alive<T: Clone + Send>(
    items: impl Stream<Item = T> + Send,
    every: Duration,
    sign: T,
) -> impl Stream<Item = T> + Send {
    stream::unfold((Box::pin(items), sign), move |(mut items, sign)| async move {
        let next = tokio::time::timeout(every, items.next()).await;
        next.unwrap_or_else(|_| Some(sign.clone())).map(|next| (next, (items, sign)))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn silence_is_broken_by_signs() {
        let quiet = stream::pending::<&str>();
        let signs: Vec<_> = kept_alive(quiet, Duration::from_millis(1), "\n").take(3).collect().await;
        assert_eq!(signs, ["\n"; 3]);
        let ended: Vec<_> = kept_alive(stream::iter(["x"]), EVERY, "\n").collect().await;
        assert_eq!(ended, ["x"]);
    }
}
