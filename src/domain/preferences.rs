//! [`Preferences`]: what a person chose for all their conversations, and how the site looks for them.

use std::{collections::BTreeSet, str::FromStr};

use serde::{Deserialize, Deserializer, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

use super::{
    conversation::given,
    params::{Known, Params, stored},
    picture::PictureColour,
    reason::Reason,
};

/// The most [`Preferences::favourites`].
pub const MOST_FAVOURITES: usize = 50;

/// A person's choices. Each has a default, and what a later version stored and this one does not know counts as one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(default)]
pub struct Preferences {
    #[serde(deserialize_with = "known")]
    #[schema(required)]
    pub theme: Theme,
    #[serde(deserialize_with = "known")]
    #[schema(required)]
    pub palette: Palette,
    /// One or two letters, or an emoji, for the person's picture; without it the first letter of their name.
    #[serde(deserialize_with = "known")]
    #[schema(required)]
    pub picture_initial: Option<String>,
    /// The colour of the picture; without it one that is made of the person's id.
    #[serde(deserialize_with = "known")]
    #[schema(required)]
    pub picture_colour: Option<PictureColour>,
    /// Whether single keys such as `?` do something while nothing is typed.
    #[serde(deserialize_with = "known_yes")]
    #[schema(required)]
    pub single_keys: bool,
    /// The ids of models that are listed first.
    #[serde(deserialize_with = "known")]
    #[schema(required)]
    pub favourites: Vec<String>,
    /// The id of the model that was chosen last. A new conversation begins with it as long as it is offered.
    #[serde(deserialize_with = "known")]
    #[schema(required)]
    pub last_model: Option<String>,
    /// Instructions for every conversation. They come before the conversation's own.
    #[serde(deserialize_with = "known")]
    #[schema(required)]
    pub system_prompt: Option<String>,
    /// For conversations that decide otherwise in nothing.
    #[serde(deserialize_with = "stored")]
    #[schema(required)]
    pub params: Params,
    /// What the person says of themselves on their profile, as plain text.
    #[serde(deserialize_with = "known")]
    #[schema(required)]
    pub about: Option<String>,
    /// Whether the list of people shows the person.
    #[serde(deserialize_with = "known_yes")]
    #[schema(required)]
    pub listed: bool,
    /// Whether others may leave notes on the person's profile.
    #[serde(deserialize_with = "known_yes")]
    #[schema(required)]
    pub wall: bool,
}

impl Default for Preferences {
    fn default() -> Self {
        Self {
            theme: Theme::default(),
            palette: Palette::default(),
            picture_initial: None,
            picture_colour: None,
            single_keys: true,
            favourites: Vec::new(),
            last_model: None,
            system_prompt: None,
            params: Params::default(),
            about: None,
            listed: true,
            wall: true,
        }
    }
}

fn known<'de, D: Deserializer<'de>, T: Deserialize<'de> + Default>(from: D) -> Result<T, D::Error> {
    Known::deserialize(from).map(|known| Option::from(known).unwrap_or_default())
}

/// A choice whose default is not that of its type, as of [`Preferences::single_keys`].
fn known_yes<'de, D: Deserializer<'de>>(from: D) -> Result<bool, D::Error> {
    Known::deserialize(from).map(|known| Option::from(known).unwrap_or(true))
}

/// Light or dark; `system` follows the device.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
    VariantArray,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Theme {
    #[default]
    System,
    Light,
    Dark,
}

/// The colours.
#[derive(
    Clone,
    Copy,
    Debug,
    Default,
    PartialEq,
    Eq,
    Serialize,
    Deserialize,
    EnumString,
    IntoStaticStr,
    VariantArray,
    ToSchema,
)]
#[serde(rename_all = "snake_case")]
#[strum(serialize_all = "snake_case", const_into_str)]
pub enum Palette {
    #[default]
    Ember,
    Sea,
    Plum,
}

/// How the pages look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Look {
    pub theme: Theme,
    pub palette: Palette,
}

impl Look {
    /// As a cookie has it: `dark.sea`.
    pub fn word(self) -> String {
        format!("{}.{}", self.theme.into_str(), self.palette.into_str())
    }
}

/// Reads [`Look::word`]; anything else is an error.
impl FromStr for Look {
    type Err = ();

    fn from_str(word: &str) -> Result<Self, ()> {
        let (theme, palette) = word.split_once('.').ok_or(())?;
        Ok(Self { theme: theme.parse().map_err(drop)?, palette: palette.parse().map_err(drop)? })
    }
}

impl Preferences {
    /// What others may see of them: what a profile shows. All else is as it is for somebody who chose nothing.
    pub fn seen_by_others(self) -> Self {
        let Self { picture_initial, picture_colour, about, .. } = self;
        Self { picture_initial, picture_colour, about, ..Self::default() }
    }

    pub fn look(&self) -> Look {
        Look { theme: self.theme, palette: self.palette }
    }
}

/// A change of one's preferences. A field that is left out stays as it is, `null` is back to the default.
// A request has the fields that can be read; `favourite` is of our own forms.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct PreferencesPatch {
    #[serde(default, deserialize_with = "given")]
    pub theme: Option<Option<Theme>>,
    #[serde(default, deserialize_with = "given")]
    pub palette: Option<Option<Palette>>,
    /// One or two letters or digits, or one emoji or sign.
    #[serde(default, deserialize_with = "given")]
    pub picture_initial: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    pub picture_colour: Option<Option<PictureColour>>,
    #[serde(default, deserialize_with = "given")]
    pub single_keys: Option<Option<bool>>,
    /// At most 50 ids of models, in their order.
    #[serde(default, deserialize_with = "given")]
    #[schema(max_items = 50)]
    pub favourites: Option<Option<Vec<String>>>,
    #[serde(default, deserialize_with = "given")]
    pub last_model: Option<Option<String>>,
    /// At most 32 KiB.
    #[serde(default, deserialize_with = "given")]
    pub system_prompt: Option<Option<String>>,
    /// Replaces all parameters.
    #[serde(default, deserialize_with = "given")]
    #[schema(value_type = Option<Params>)]
    pub params: Option<Option<Params>>,
    /// At most 500 characters.
    #[serde(default, deserialize_with = "given")]
    pub about: Option<Option<String>>,
    #[serde(default, deserialize_with = "given")]
    pub listed: Option<Option<bool>>,
    #[serde(default, deserialize_with = "given")]
    pub wall: Option<Option<bool>>,
    /// Adds one model to the favourites, or removes it, whatever else is changed at the same time.
    #[serde(skip)]
    #[schema(ignore)]
    pub favourite: Option<(String, bool)>,
}

impl PreferencesPatch {
    /// Leaves each favourite once.
    ///
    /// # Errors
    ///
    /// There are more than [`MOST_FAVOURITES`].
    pub fn thin_out(&mut self) -> Result<(), Reason> {
        let Some(Some(favourites)) = &mut self.favourites else { return Ok(()) };
        let mut seen = BTreeSet::new();
        favourites.retain(|model| seen.insert(model.clone()));
        match favourites.len() > MOST_FAVOURITES {
            true => Err(too_many_favourites()),
            false => Ok(()),
        }
    }

    /// Makes the change.
    pub fn apply(&self, to: &mut Preferences) {
        let change = self.clone();
        let default = Preferences::default();
        set(&mut to.theme, change.theme, default.theme);
        set(&mut to.palette, change.palette, default.palette);
        set(&mut to.single_keys, change.single_keys, default.single_keys);
        set(&mut to.favourites, change.favourites, default.favourites);
        set(&mut to.params, change.params, default.params);
        set(&mut to.listed, change.listed, default.listed);
        set(&mut to.wall, change.wall, default.wall);
        if let Some(about) = change.about {
            to.about = about;
        }
        if let Some(initial) = change.picture_initial {
            to.picture_initial = initial;
        }
        if let Some(colour) = change.picture_colour {
            to.picture_colour = colour;
        }
        if let Some(model) = change.last_model {
            to.last_model = model;
        }
        if let Some(prompt) = change.system_prompt {
            to.system_prompt = prompt;
        }
        if let Some((model, on)) = change.favourite {
            to.favourites.retain(|favourite| *favourite != model);
            if on && to.favourites.len() < MOST_FAVOURITES {
                to.favourites.push(model);
            }
        }
    }
}

/// Why no more favourites are taken.
pub fn too_many_favourites() -> Reason {
    Reason::new("favourites-too-many").with("most", MOST_FAVOURITES)
}

fn set<T>(field: &mut T, given: Option<Option<T>>, default: T) {
    if let Some(value) = given {
        *field = value.unwrap_or(default);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn patched(before: &Preferences, patch: &str) -> Preferences {
        let patch: PreferencesPatch = serde_json::from_str(patch).unwrap();
        let mut after = before.clone();
        patch.apply(&mut after);
        after
    }

    #[test]
    fn an_absent_field_stays_and_null_is_the_default() {
        let chosen = patched(
            &Preferences::default(),
            r#"{"theme":"dark","palette":"plum","single_keys":false,"favourites":["a/b"],"last_model":"a/b",
                "system_prompt":"Brief.","params":{"turns":3},"about":"Hi","listed":false,"wall":false}"#,
        );
        assert_eq!((chosen.theme, chosen.palette, chosen.single_keys), (Theme::Dark, Palette::Plum, false));
        assert_eq!((chosen.favourites.len(), chosen.params.turns), (1, Some(3)));
        assert_eq!((chosen.about.as_deref(), chosen.listed, chosen.wall), (Some("Hi"), false, false));
        assert_eq!(patched(&chosen, "{}"), chosen);
        let other = patched(&chosen, r#"{"params":{"top_p":1}}"#);
        assert_eq!((other.params.turns, other.params.top_p), (None, Some(1.0)));
        let all = r#"{"theme":null,"palette":null,"single_keys":null,"favourites":null,"last_model":null,
            "system_prompt":null,"params":null,"about":null,"listed":null,"wall":null}"#;
        assert_eq!(patched(&chosen, all), Preferences::default());
    }

    #[test]
    fn one_favourite_comes_and_goes() {
        let mut preferences = Preferences::default();
        let mut favour = |model: &str, on| {
            let patch = PreferencesPatch { favourite: Some((model.into(), on)), ..Default::default() };
            patch.apply(&mut preferences);
            preferences.favourites.clone()
        };
        assert_eq!(favour("a", true), ["a"]);
        assert_eq!(favour("b", true), ["a", "b"]);
        assert_eq!(favour("a", true), ["b", "a"]);
        assert_eq!(favour("b", false), ["a"]);
        for number in 0..MOST_FAVOURITES + 5 {
            favour(&number.to_string(), true);
        }
        assert_eq!(favour("none", false).len(), MOST_FAVOURITES);
    }

    #[test]
    fn what_is_stored_can_always_be_read() {
        for text in [
            "{}",
            r#"{"theme":"sepia","palette":7,"picture_initial":["x"],"picture_colour":"mauve","more":{"x":[1]}}"#,
            r#"{"theme":"system","params":{"reasoning_effort":"extreme"}}"#,
            r#"{"single_keys":"some","favourites":[{"id":"a"}],"last_model":{"id":"a"},"system_prompt":["a"]}"#,
            r#"{"single_keys":null,"favourites":"a","last_model":7,"system_prompt":false,"params":"hot"}"#,
        ] {
            assert_eq!(serde_json::from_str::<Preferences>(text).unwrap(), Preferences::default(), "{text}");
        }
        let dark: Preferences = serde_json::from_str(r#"{"theme":"dark"}"#).unwrap();
        assert_eq!((dark.theme, dark.single_keys), (Theme::Dark, true));
        let again: Preferences = serde_json::from_str(&serde_json::to_string(&dark).unwrap()).unwrap();
        assert_eq!(again, dark);
    }

    #[test]
    fn a_look_is_two_known_words() {
        for theme in Theme::VARIANTS {
            for palette in Palette::VARIANTS {
                let look = Look { theme: *theme, palette: *palette };
                assert_eq!(look.word().parse(), Ok(look));
            }
        }
        for word in ["", ".", "dark", "dark.", ".sea", "dark.sea.x", "Dark.sea", "dark.sea ", "dark.\"><b>"] {
            assert_eq!(word.parse::<Look>(), Err(()), "{word}");
        }
    }
}
