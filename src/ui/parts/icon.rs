//! Icons: drawn by the style sheet, so that a page names them and carries none.

use leptos::prelude::*;

/// One of the icons of `style/icons.css`, by its name there. Whatever holds it has the label.
#[component]
pub fn Icon(name: &'static str) -> impl IntoView {
    view! { <i class=format!("icon {name}")></i> }
}
