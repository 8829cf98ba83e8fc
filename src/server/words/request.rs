//! The words of the request that a task answers: in which language, and whether an operator reads them.

use std::cell::Cell;

use super::{Language, Words};

tokio::task_local! {
    static CURRENT: Cell<Words>;
}

/// Runs the answer to a request in the caller's language.
pub async fn scope<F: Future>(language: Language, answer: F) -> F::Output {
    CURRENT.scope(Cell::new(Words::new(language)), answer).await
}

/// Changes the language for the rest of this request, once it is known whose account it is.
pub fn speak(language: Language) {
    let _ = CURRENT.try_with(|current| current.set(Words { language, ..current.get() }));
}

/// For the rest of this request whoever reads runs the site.
pub fn speak_to_operator() {
    let _ = CURRENT.try_with(|current| current.set(Words { operator: true, ..current.get() }));
}

/// The words for the caller of the request that this task answers; English outside of a request and in spawned tasks.
/// A stream that outlives the answer's head calls this at its beginning and keeps the result.
pub fn current() -> Words {
    CURRENT.try_with(Cell::get).unwrap_or_else(|_| Words::english())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn each_request_has_a_language_and_nothing_else_has() {
        let chinese = Language::exactly("zh-CN").unwrap();
        let seen = scope(Language::default(), async {
            let before = current().language;
            speak(chinese);
            (before, current().language, tokio::spawn(async { current().language }).await.unwrap())
        });
        assert_eq!(seen.await, (Language::default(), chinese, Language::default()));
        speak(chinese);
        assert_eq!(current(), Words::english());
    }
}
