//! A place to breathe: whoever has a text rendered may let others in between two pieces of the work.

use std::cell::RefCell;

type Pause = Box<dyn FnMut()>;

thread_local! {
    static PAUSE: RefCell<Option<Pause>> = const { RefCell::new(None) };
}

/// Takes the pause away again, also when the work panics.
struct Reset;

impl Drop for Reset {
    fn drop(&mut self) {
        drop(PAUSE.take());
    }
}

/// Does `work` on this thread. `pause` is called between blocks, between lines of code that a grammar colours and
/// between formulas: every millisecond or two, and it may wait as long as it likes.
pub fn with_pauses<T>(pause: impl FnMut() + 'static, work: impl FnOnce() -> T) -> T {
    PAUSE.set(Some(Box::new(pause)));
    let _reset = Reset;
    work()
}

/// Called where the work may rest.
pub(super) fn pause() {
    // Away while it runs, so that whatever it does may render, too.
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
