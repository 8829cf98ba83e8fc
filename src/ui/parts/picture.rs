//! A person's picture, beside their name.

use leptos::prelude::*;

use crate::domain::{Picture, PictureColour};

/// The initial on its colour. It says nothing that the name beside it does not, so screen readers leave it out; the style
/// sheet writes the letter, so that it is in no text that is selected or copied.
#[component]
pub fn PersonPicture(picture: Picture) -> impl IntoView {
    view! { <span class=class(picture.colour) data-initial=picture.initial aria-hidden="true"></span> }
}

fn class(colour: PictureColour) -> &'static str {
    match colour {
        PictureColour::Red => "picture picture-red",
        PictureColour::Orange => "picture picture-orange",
        PictureColour::Olive => "picture picture-olive",
        PictureColour::Green => "picture picture-green",
        PictureColour::Teal => "picture picture-teal",
        PictureColour::Blue => "picture picture-blue",
        PictureColour::Violet => "picture picture-violet",
        PictureColour::Pink => "picture picture-pink",
    }
}
