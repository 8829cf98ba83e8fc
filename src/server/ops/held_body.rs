//! [`held_until_sent`]: a body that keeps a value, such as a permit, for as long as it is being sent.

use axum::body::Body;
use http_body_util::BodyExt;

/// The same body; `held` is dropped together with it: when its last byte is sent, or when the client goes away.
pub fn held_until_sent<T: Send + 'static>(body: Body, held: T) -> Body {
    // Errors pass unchanged. The closure owns `held`, and of the adapters of `http_body_util` this is the one that
    // still tells how long the body is.
    Body::new(body.map_err(move |error| {
        let _ = &held;
        error
    }))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use axum::body::HttpBody;

    use super::*;

    #[tokio::test]
    async fn what_is_held_is_dropped_with_the_body_and_not_before() {
        let held = Arc::new(());
        let body = held_until_sent(Body::from("a page"), held.clone());
        assert_eq!(body.size_hint().exact(), Some(6));
        assert_eq!(Arc::strong_count(&held), 2);
        let mut body = body;
        assert_eq!(body.frame().await.unwrap().unwrap().into_data().unwrap(), "a page");
        assert_eq!(Arc::strong_count(&held), 2, "the last byte may still have to be sent");
        drop(body);
        assert_eq!(Arc::strong_count(&held), 1);
        drop(held_until_sent(Body::empty(), held.clone()));
        assert_eq!(Arc::strong_count(&held), 1);
    }
}
