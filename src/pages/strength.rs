//! The hint beside a new password that says how long it would hold.

use leptos::{nonce::use_nonce, prelude::*};

use crate::{
    domain::Reason,
    server::accounts::{
        passwords::guessable,
        valid::{MAX_PASSWORD_CHARS, MIN_PASSWORD_CHARS},
    },
    ui::words::{t, t_with},
};

/// Runs right after the hint, which it finds by that.
const SCRIPT: &str = include_str!("strength.js");

/// Stands in a form with a new password. `known` has the words that the password must not be made of, besides the e-mail
/// address and the name in the same form. It is empty until a script measures what is typed.
#[component]
pub fn Strength(known: String) -> impl IntoView {
    let levels =
        [t("strength-weak"), t("strength-fair"), t("strength-good"), t("strength-strong")].join("\n");
    let known = guessable::long_words().fold(known, |known, word| known + " " + word);
    view! {
        <div
            class="strength"
            data-least=MIN_PASSWORD_CHARS
            data-most=MAX_PASSWORD_CHARS
            data-short=t_with(Reason::new("password-too-short").with("least", MIN_PASSWORD_CHARS))
            data-long=t_with(Reason::new("password-too-long").with("most", MAX_PASSWORD_CHARS))
            data-levels=levels
            data-known=known
            data-walks=guessable::WALKS.join(" ")
        >
            <meter min="0" max="4" low="1.5" high="2.5" optimum="4" value="0" aria-hidden="true" hidden></meter>
            <span aria-live="polite"></span>
        </div>
        <script nonce=use_nonce() inner_html=SCRIPT></script>
    }
}
