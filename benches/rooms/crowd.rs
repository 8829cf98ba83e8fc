//! People who write and read, more and more of them, until the server keeps up no more. The limits are those of Mattermost's
//! load tests: a hundredth of the requests takes two seconds or more, or one in four thousand fails.

use std::{
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use serde_json::json;
use tokio::task::JoinSet;

use crate::{
    Site,
    asking::{Failure, ask, get},
    data::BUSY_ROOMS,
    http::Connection,
    socket::Socket,
};

/// So many people come at a time, and so long each number of them is measured.
const STEP: usize = 500;
const EACH: Duration = Duration::from_secs(10);
const MOST: usize = 6_000;
/// The pause of a person between two acts.
const PAUSE: Duration = Duration::from_secs(10);
/// Each third act is a message, the others open a page.
const WRITES: usize = 3;
const SLOW: Duration = Duration::from_secs(2);
const MOST_FAILED: f64 = 0.00025;

/// What came of the requests since somebody looked.
#[derive(Default)]
struct Done {
    times: Vec<Duration>,
    failed: usize,
}

pub async fn ramp(site: &Site) -> Result<(), Failure> {
    let done = Arc::<Mutex<Done>>::default();
    let mut people = JoinSet::new();
    let mut kept_up = 0;
    while people.len() < MOST {
        for _ in 0..STEP {
            let number = people.len();
            let (address, token) = (site.server.address, site.tokens[number % site.tokens.len()].clone());
            let (room, done) = (site.data.busy[number % BUSY_ROOMS].clone(), done.clone());
            people.spawn(async move {
                // They come one after another, and not all in the same moment.
                tokio::time::sleep(PAUSE.mul_f64((number % STEP) as f64 / STEP as f64)).await;
                let ended = live(address, &token, &room, number, &done).await;
                let mut done = done.lock().unwrap_or_else(PoisonError::into_inner);
                done.failed += usize::from(ended.is_err());
            });
        }
        tokio::time::sleep(PAUSE).await;
        take(&done);
        tokio::time::sleep(EACH).await;
        let Done { mut times, failed } = take(&done);
        times.sort_unstable();
        let count = times.len();
        let at = |share: f64| times.get((count.saturating_sub(1) as f64 * share) as usize).copied();
        let (half, slow) = (at(0.5).unwrap_or_default(), at(0.99).unwrap_or(SLOW));
        let share = failed as f64 / (count + failed).max(1) as f64;
        println!(
            "{:>5} people: {count} requests, p50 {half:.2?}, p99 {slow:.2?}, {failed} failed",
            people.len()
        );
        if slow >= SLOW || share >= MOST_FAILED {
            break;
        }
        kept_up = people.len();
    }
    println!("the server keeps up with {kept_up} people in {BUSY_ROOMS} rooms");
    people.shutdown().await;
    Ok(())
}

fn take(done: &Mutex<Done>) -> Done {
    std::mem::take(&mut *done.lock().unwrap_or_else(PoisonError::into_inner))
}

/// A person who listens to a room, writes in it, and opens its page.
async fn live(
    address: std::net::SocketAddr,
    token: &str,
    room: &str,
    number: usize,
    done: &Mutex<Done>,
) -> Result<(), Failure> {
    let mut socket = Socket::connect(address, token).await?;
    socket.listen(room, None).await?;
    let mut connection = Connection::open(address).await?;
    // The page is opened first; the server closes a connection that asks for nothing.
    let page = get(&format!("/c/{room}"), token);
    ask(&mut connection, &page).await?;
    for act in number.. {
        let next = tokio::time::sleep(PAUSE);
        let took = if act % WRITES == 0 {
            let begun = Instant::now();
            let key = format!("{number}-{act}");
            let post =
                json!({ "type": "post", "conversation_id": room, "key": key, "content": "Hello again" });
            socket.send(&post).await?;
            socket.answer("posted").await?;
            begun.elapsed()
        } else {
            let (status, _, took) = ask(&mut connection, &page).await?;
            if status != 200 {
                return Err(format!("the page answers {status}").into());
            }
            took
        };
        done.lock().unwrap_or_else(PoisonError::into_inner).times.push(took);
        // What the others say is read, too.
        tokio::select! {
            ended = socket.hear() => ended?,
            () = next => {}
        }
    }
    Ok(())
}
