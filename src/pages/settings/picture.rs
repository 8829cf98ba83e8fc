//! The form in which a person chooses their picture.

use std::iter;

use leptos::prelude::*;
use strum::VariantArray;

use crate::{
    domain::{Picture, PictureColour, Preferences, User},
    pages::{
        Notice,
        fields::{Choices, FieldError, invalid},
    },
    server::accounts::picture,
    ui::{parts::PersonPicture, words::t},
};

/// More than the longest emoji has, in the units that browsers count.
const MAX_UNITS: &str = "20";

/// Each colour is shown as the picture in it. The first choice is the colour of the account, which stays nobody's choice.
#[component]
pub fn ChoosePicture(user: User, notice: Notice) -> impl IntoView {
    let picture = picture::of(&user);
    let Preferences { picture_initial, picture_colour, .. } = user.preferences;
    let (refused, colour) = (notice.at("picture_initial"), notice.at("picture_colour"));
    let (invalid, described) = invalid("picture_initial", refused.as_ref());
    let at_colour = colour.is_some();
    let typed = notice.typed();
    // A word that is no colour is refused, and what was chosen before stays so.
    let chosen = match typed.other("picture_colour") {
        Some("") => None,
        Some(word) => word.parse().ok().or(picture_colour),
        None => picture_colour,
    };
    let typed = typed.picture_initial.or(picture_initial);
    let automatic = (None, PictureColour::of_id(&user.id), "picture-automatic");
    let all = PictureColour::VARIANTS.iter().map(|one| (Some(*one), *one, name(*one)));
    let choices = iter::once(automatic).chain(all).map(|(choice, colour, name)| {
        let checked = choice == chosen;
        let shown = Picture { colour, ..picture.clone() };
        view! {
            <label class="choice">
                <input
                    type="radio"
                    name="picture_colour"
                    value=choice.as_ref().map_or("", PictureColour::into_str)
                    checked=checked
                    autofocus=checked && at_colour
                />
                <PersonPicture picture=shown />
                <span>{t(name)}</span>
            </label>
        }
    });
    let choices = choices.collect_view();
    view! {
        <form method="post" action="/fn/set-picture">
            <label>
                {t("picture-initial")}
                <input
                    name="picture_initial"
                    autocomplete="off"
                    maxlength=MAX_UNITS
                    value=typed
                    placeholder=picture.initial
                    dir="auto"
                    autofocus=invalid.is_some()
                    aria-invalid=invalid
                    aria-describedby=described
                />
                <small>{t("picture-initial-hint")}</small>
            </label>
            <FieldError of="picture_initial" sentence=refused />
            <Choices legend=t("picture-colour") name="picture_colour" refused=colour>
                {choices}
            </Choices>
            <button class="button-small">{t("picture-save")}</button>
        </form>
    }
}

/// The key of the name of a colour.
pub fn name(colour: PictureColour) -> &'static str {
    match colour {
        PictureColour::Red => "picture-red",
        PictureColour::Orange => "picture-orange",
        PictureColour::Olive => "picture-olive",
        PictureColour::Green => "picture-green",
        PictureColour::Teal => "picture-teal",
        PictureColour::Blue => "picture-blue",
        PictureColour::Violet => "picture-violet",
        PictureColour::Pink => "picture-pink",
    }
}
