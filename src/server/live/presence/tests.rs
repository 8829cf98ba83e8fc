//! Who is here, by a clock that the test moves.

use std::sync::atomic::{AtomicI64, AtomicUsize, Ordering::SeqCst};

use async_trait::async_trait;

use super::*;

/// Keeps what was noted, and counts the writes.
#[derive(Default)]
struct Noted {
    rows: Mutex<HashMap<String, StoredPresence>>,
    writes: AtomicUsize,
}

#[async_trait]
impl store::Presences for Noted {
    async fn note_presences(&self, seen: &[StoredPresence]) -> store::Result<()> {
        self.writes.fetch_add(1, SeqCst);
        let mut rows = self.rows.lock().unwrap();
        for one in seen {
            let row = rows.entry(one.user_id.clone()).or_insert_with(|| one.clone());
            row.active_until = row.active_until.max(one.active_until);
            row.connected_until = row.connected_until.max(one.connected_until);
            row.seen_at = row.seen_at.max(one.seen_at);
        }
        Ok(())
    }

    async fn presences(&self, user_ids: &[String]) -> store::Result<Vec<StoredPresence>> {
        let rows = self.rows.lock().unwrap();
        Ok(user_ids.iter().filter_map(|id| rows.get(id).cloned()).collect())
    }

    async fn present(&self, _: i64, _: u32) -> store::Result<Vec<StoredPresence>> {
        Ok(Vec::new())
    }

    async fn shows_presence(&self, _: &str) -> store::Result<bool> {
        Ok(true)
    }

    async fn show_presence(&self, _: &str, _: bool) -> store::Result<()> {
        Ok(())
    }
}

struct World {
    time: Arc<AtomicI64>,
    store: Arc<Noted>,
    tasks: Tasks,
    presences: Arc<Presences>,
}

impl World {
    fn new() -> Self {
        let (time, store, tasks) =
            (Arc::new(AtomicI64::new(1_000_000)), Arc::new(Noted::default()), Tasks::default());
        let shown = time.clone();
        let clock = Clock::from_fn(move || shown.load(SeqCst));
        let presences = Presences::new(store.clone(), clock, tasks.clone());
        Self { time, store, tasks, presences }
    }

    /// Moves the clock, and lets the server look as it does by itself.
    async fn pass(&self, milliseconds: i64) {
        self.time.fetch_add(milliseconds, SeqCst);
        self.presences.renew().await;
    }

    async fn ada(&self) -> PresenceState {
        // Notes of pages are written by tasks.
        for _ in 0..100 {
            tokio::task::yield_now().await;
        }
        let found = self.presences.of(&["ada".to_owned()]).await.unwrap();
        found.get("ada").copied().unwrap_or_default().state
    }

    fn writes(&self) -> usize {
        self.store.writes.load(SeqCst)
    }
}

#[tokio::test]
async fn a_person_is_here_while_a_page_is_open() {
    let world = World::new();
    assert_eq!(world.ada().await, PresenceState::Offline);
    let page = world.presences.enter("ada", true);
    assert_eq!(world.ada().await, PresenceState::Online);
    for _ in 0..20 {
        world.pass(15_000).await;
        assert_eq!(world.ada().await, PresenceState::Online);
    }
    // Five minutes.
    assert!((5..=6).contains(&world.writes()), "{}", world.writes());
    drop(page);
    world.pass(30_000).await;
    assert_eq!(world.ada().await, PresenceState::Online, "another page may be on its way");
    world.pass(COUNTS_MS).await;
    assert_eq!(world.ada().await, PresenceState::Offline);
    let last = world.presences.of(&["ada".to_owned()]).await.unwrap()["ada"].last_seen_at.unwrap();
    assert!(world.time.load(SeqCst) - last < 200_000);
    assert!(world.presences.lock().is_empty(), "nothing is kept of who is gone");
    assert!(!world.tasks.is_ending());
}

#[tokio::test]
async fn a_person_is_away_when_nobody_looks_at_any_page() {
    let world = World::new();
    let mut one = world.presences.enter("ada", false);
    assert_eq!(world.ada().await, PresenceState::Away);
    one.set_active(true);
    assert_eq!(world.ada().await, PresenceState::Online, "who comes back is noted at once");
    let two = world.presences.enter("ada", true);
    one.set_active(false);
    for _ in 0..20 {
        world.pass(15_000).await;
    }
    assert_eq!(world.ada().await, PresenceState::Online);
    drop(two);
    for _ in 0..7 {
        world.pass(15_000).await;
    }
    assert_eq!(world.ada().await, PresenceState::Away);
}

#[tokio::test]
async fn page_after_page_is_no_reason_to_write() {
    let world = World::new();
    for _ in 0..50 {
        drop(world.presences.enter("ada", true));
        assert_eq!(world.ada().await, PresenceState::Online);
    }
    assert_eq!(world.writes(), 1);
}
