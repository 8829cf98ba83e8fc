//! [`Picture`]: what stands beside a person's name: a letter on a colour.

use serde::{Deserialize, Serialize};
use strum::{EnumString, IntoStaticStr, VariantArray};
use utoipa::ToSchema;

/// A person's picture as it is shown.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Picture {
    /// One or two letters, or an emoji.
    pub initial: String,
    pub colour: PictureColour,
}

/// The colour of a person's picture.
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
pub enum PictureColour {
    #[default]
    Red,
    Orange,
    Olive,
    Green,
    Teal,
    Blue,
    Violet,
    Pink,
}

impl PictureColour {
    /// The colour of a person who chose none. It is made of their id, so that most people differ.
    pub fn of_id(id: &str) -> Self {
        // FNV-1a.
        let hash = id.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        let at = usize::try_from(hash % Self::VARIANTS.len() as u64).unwrap_or_default();
        Self::VARIANTS.get(at).copied().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_that_follow_each_other_get_all_colours() {
        let of = |at: u32| PictureColour::of_id(&format!("01JD3Z7K8M{at:016}"));
        assert_eq!(of(7), of(7));
        for colour in PictureColour::VARIANTS {
            let count = (0..800).filter(|at| of(*at) == *colour).count();
            assert!((50..200).contains(&count), "{colour:?}: {count}");
        }
    }
}
