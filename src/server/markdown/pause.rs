//! [`with_pauses`]: lets whoever has a text rendered interrupt the work between two pieces of it.

use std::cell::RefCell;

type Pause = Box<dyn FnMut()>;

thread_local! {
    static PAUSE: RefCell<Option<Pause>> = const { RefCell::new(None) };
}

/// Removes the pause when dropped, also after a panic.
struct Reset;

impl Drop for Reset {
    fn drop(&mut self) {
        drop(PAUSE.take());
    }
}

/// Does `work` on this thread and calls `pause` between blocks, between lines of code that a grammar colours and
/// between formulas, which is every millisecond or two. `pause` may wait as long as it likes.
pub fn with_pauses<T>(pause: impl FnMut() + 'static, work: impl FnOnce() -> T) -> T {
    PAUSE.set(Some(Box::new(pause)));
    let _reset = Reset;
    work()
}

/// To be called where the work may be interrupted.
pub(super) fn pause() {
    // The pause is taken out while it runs, so that it may itself render.
    if let Some(mut pause) = PAUSE.take() {
        pause();
        PAUSE.set(Some(pause));
    }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;
    use std::rc::Rc;

    use super::super::render;
    use super::with_pauses;

    #[test]
    fn long_work_pauses_often() {
        let code = |language: &str| format!("- ```{language}\n{}  ```\n", "  a: b # c\n".repeat(100));
        for (text, least) in [
            ("a *b* c\n\n".repeat(200), 200),
            (format!("```yaml\n{}", "a: b # c\n".repeat(100)), 100),
            (code("yaml"), 100),
            ("$x^2$ ".repeat(100), 100),
            ("- a\n".repeat(5_000), 20),
            ("a *b* ".repeat(5_000), 20),
        ] {
            let count = Rc::new(Cell::new(0));
            let counted = count.clone();
            let html = with_pauses(move || counted.set(counted.get() + 1), || render(&text));
            assert!(count.get() >= least, "{} for {text:.20}", count.get());
            assert_eq!(html, render(&text));
        }
    }
}
