//! The language of the request that a task answers.

use std::cell::Cell;

use super::{Language, Words};

tokio::task_local! {
    static CURRENT: Cell<Language>;
}

/// Runs the answer to a request whose caller reads this language.
pub async fn scope<F: Future>(language: Language, answer: F) -> F::Output {
    CURRENT.scope(Cell::new(language), answer).await
}

/// From here on this request's caller reads another language: it is known now whose account it is.
pub fn speak(language: Language) {
    let _ = CURRENT.try_with(|current| current.set(language));
}

/// The words for whoever sent this task's request; English outside of one and in tasks that it spawned. A
/// stream that goes on after its head was answered takes them along when it begins.
pub fn current() -> Words {
    Words::new(CURRENT.try_with(Cell::get).unwrap_or_default())
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
