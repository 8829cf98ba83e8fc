//! The button beside a text that is shown once, such as a link or a key, and copies it.

use leptos::{nonce::use_nonce, prelude::*};

use crate::ui::{parts::Icon, words::t};

/// Runs right after the button, which it finds by that.
const SCRIPT: &str = include_str!("copy_button.js");

/// The pages where it stands have no island, so it brings a script of its own. Without one there is no button.
#[component]
pub fn CopyButton(text: String) -> impl IntoView {
    view! {
        <button
            type="button"
            class="button-small copy-text needs-script"
            data-text=text
            data-copied=t("copied")
            data-failed=t("copy-failed")
        >
            <Icon name="copy" />
            <span aria-live="polite">{t("copy")}</span>
        </button>
        <script nonce=use_nonce() inner_html=SCRIPT></script>
    }
}
