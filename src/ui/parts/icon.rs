//! [`Icon`]: an icon by its name. The style sheet draws it, so that no page carries the drawing.

use leptos::prelude::*;

/// One of the icons of `style/icons.css`, by its class there. The element around the icon has the label.
#[component]
pub fn Icon(name: &'static str) -> impl IntoView {
    view! { <i class=format!("icon {name}")></i> }
}
