//! [`Paced`]: the body of a request, which must come at a pace.

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

/// Bytes a second, on average. A phone at the edge of its network has ten times as much.
const FLOOR: u64 = 1024;

/// Ends a body that comes too slowly.
#[derive(Debug, thiserror::Error)]
#[error("the body came too slowly")]
pub struct TooSlow;

/// A body that must bring [`FLOOR`] after a time of grace.
pub struct Paced<B> {
    body: B,
    grace: Duration,
    /// When it was first asked for.
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

    /// So many pieces of so many bytes, each so long after the one before: how many bytes came, after how
    /// many seconds, and whether that was all.
    async fn read(pieces: usize, bytes: usize, every: Duration) -> (usize, u64, bool) {
        let pieces = stream::iter(0..pieces).then(move |_| async move {
            tokio::time::sleep(every).await;
            Ok::<_, BoxError>(Bytes::from(vec![b'x'; bytes]))
        });
        let body = Body::new(Paced::new(Body::from_stream(pieces), Duration::from_secs(10)));
        let (begun, mut came, mut whole) = (Instant::now(), 0, true);
        let mut body = body.into_data_stream();
        while let Some(piece) = body.next().await {
            match piece {
                Ok(piece) => came += piece.len(),
                Err(_) => {
                    whole = false;
                    break;
                }
            }
        }
        (came, begun.elapsed().as_secs(), whole)
    }

    #[tokio::test(start_paused = true)]
    async fn a_body_must_come_at_a_pace() {
        let second = Duration::from_secs(1);
        assert_eq!(read(1 << 20, 1, second).await, (10, 10, false));
        assert_eq!(read(1, 1, second * 3600).await, (0, 10, false));
        assert_eq!(read(1000, 900, second).await.2, false);
        // Slow, honest, and a whole mebibyte.
        assert_eq!(read(512, 2048, second * 2).await, (1 << 20, 1024, true));
        // With a pause that others do not make up for.
        assert_eq!(read(1, 5, second * 9).await, (5, 9, true));
    }
}
