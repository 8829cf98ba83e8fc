//! [`Paced`]: the body of a request, which must arrive at a lowest speed.

use std::{
    pin::Pin,
    task::{Context, Poll},
    time::Duration,
};

use axum::{
    BoxError,
    body::{Bytes, HttpBody},
};
use http_body::{Frame, SizeHint};
use tokio::time::{Instant, Sleep};

/// Bytes per second, on average. A phone at the edge of its network has ten times as many.
const FLOOR: u64 = 1024;

/// The error that ends a body which arrives too slowly.
#[derive(Debug, thiserror::Error)]
#[error("the body came too slowly")]
pub struct TooSlow;

/// A body that must arrive at [`FLOOR`] or faster, after `grace`.
pub struct Paced<B> {
    body: B,
    grace: Duration,
    /// When the server first asked for bytes of it.
    begun: Option<Instant>,
    bytes: u64,
    timer: Option<Pin<Box<Sleep>>>,
}

impl<B> Paced<B> {
    pub fn new(body: B, grace: Duration) -> Self {
        Self { body, grace, begun: None, bytes: 0, timer: None }
    }
}

impl<B> HttpBody for Paced<B>
where
    B: HttpBody<Data = Bytes, Error: Into<BoxError>> + Unpin,
{
    type Data = Bytes;
    type Error = BoxError;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BoxError>>> {
        let this = &mut *self;
        let begun = *this.begun.get_or_insert_with(Instant::now);
        if let Poll::Ready(next) = Pin::new(&mut this.body).poll_frame(context) {
            let next = next.map(|next| next.map_err(Into::into));
            if let Some(Ok(frame)) = &next {
                this.bytes += frame.data_ref().map_or(0, |data| data.len() as u64);
            }
            return Poll::Ready(next);
        }
        let deadline = begun + this.grace + Duration::from_millis(this.bytes.saturating_mul(1000) / FLOOR);
        let timer = this.timer.get_or_insert_with(|| Box::pin(tokio::time::sleep_until(deadline)));
        if timer.deadline() != deadline {
            timer.as_mut().reset(deadline);
        }
        timer.as_mut().poll(context).map(|()| Some(Err(TooSlow.into())))
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

#[cfg(test)]
mod tests {
    use axum::body::Body;
    use futures::{StreamExt, stream};

    use super::*;

    const GRACE: Duration = Duration::from_millis(200);

    /// Sends `pieces` of `bytes` each, one every `every` milliseconds. Answers how many bytes arrived, and whether all.
    async fn read(pieces: usize, bytes: usize, every: u64) -> (usize, bool) {
        let every = Duration::from_millis(every);
        let pieces = Box::pin(stream::iter(0..pieces).then(move |_| async move {
            tokio::time::sleep(every).await;
            Ok::<_, BoxError>(Bytes::from(vec![b'x'; bytes]))
        }));
        let (begun, mut came) = (Instant::now(), 0);
        let mut body = Body::new(Paced::new(Body::from_stream(pieces), GRACE)).into_data_stream();
        while let Some(piece) = body.next().await {
            match piece {
                Ok(piece) => came += piece.len(),
                Err(_) => {
                    assert!(begun.elapsed() >= GRACE);
                    return (came, false);
                }
            }
        }
        (came, true)
    }

    #[tokio::test]
    async fn a_body_must_come_at_a_pace() {
        assert!(!read(1 << 20, 1, 20).await.1);
        assert_eq!(read(1, 1, 3_600_000).await, (0, false));
        // Bytes that came early do not allow silence for ever.
        assert_eq!(read(2, 100, 3_600_000).await, (0, false));
        // Slow but allowed: ten times as fast as the floor, for longer than the grace.
        assert_eq!(read(50, 100, 10).await, (5_000, true));
    }
}
