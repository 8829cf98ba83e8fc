//! Which preferences a person may have.

use super::{picture::valid_initial, valid::text};
use crate::{
    domain::{
        Preferences, PreferencesPatch, Reason,
        conversation::MAX_SYSTEM_PROMPT_BYTES,
        person::MAX_ABOUT_CHARS,
        preferences::{MOST_FAVOURITES, too_many_favourites},
    },
    error::AppError,
};

/// A change as it is stored: without blank instructions, and with each favourite once. Models are looked up before
/// (`conversations::models`).
///
/// # Errors
///
/// [`AppError::Invalid`] names the field.
pub(super) fn valid(mut patch: PreferencesPatch, now: &Preferences) -> Result<PreferencesPatch, AppError> {
    let invalid = |field: &str, reason| AppError::invalid(&format!("preferences.{field}"), reason);
    if let Some(prompt) = &mut patch.system_prompt {
        if prompt.as_ref().is_some_and(|prompt| prompt.len() > MAX_SYSTEM_PROMPT_BYTES) {
            let reason = Reason::new("system-prompt-too-long").with("most", MAX_SYSTEM_PROMPT_BYTES);
            return Err(invalid("system_prompt", reason));
        }
        prompt.take_if(|prompt| prompt.trim().is_empty());
    }
    if let Some(Some(initial)) = &patch.picture_initial {
        patch.picture_initial = Some(valid_initial("preferences.picture_initial", initial)?);
    }
    if let Some(Some(about)) = &mut patch.about {
        let most = MAX_ABOUT_CHARS;
        let text = text(about, most)
            .ok_or_else(|| invalid("about", Reason::new("about-too-long").with("most", most)))?;
        patch.about = Some(Some(text).filter(|text| !text.is_empty()));
    }
    if let Some(Some(params)) = &patch.params {
        params.check().map_err(|(name, reason)| invalid(&format!("params.{name}"), reason))?;
    }
    // Two names of a model may have become one id.
    patch.thin_out().map_err(|reason| invalid("favourites", reason))?;
    if let Some((model, true)) = &patch.favourite
        && now.favourites.len() >= MOST_FAVOURITES
        && !now.favourites.contains(model)
    {
        return Err(invalid("favourites", too_many_favourites()));
    }
    Ok(patch)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn preferences_have_limits() {
        let now = Preferences::default();
        let valid = |patch: serde_json::Value| {
            valid(serde_json::from_value::<PreferencesPatch>(patch).unwrap(), &now)
        };
        let ids = |count: usize| (0..count).map(|number| format!("a/{number}")).collect::<Vec<_>>();
        let kept =
            valid(serde_json::json!({ "favourites": ["a", "b", "a"], "system_prompt": " \n" })).unwrap();
        assert_eq!(kept.favourites, Some(Some(vec!["a".to_owned(), "b".to_owned()])));
        assert_eq!(kept.system_prompt, Some(None));
        valid(serde_json::json!({ "favourites": ids(MOST_FAVOURITES) })).unwrap();
        for (patch, field) in [
            (serde_json::json!({ "favourites": ids(MOST_FAVOURITES + 1) }), "preferences.favourites"),
            (serde_json::json!({ "system_prompt": "é".repeat(16_385) }), "preferences.system_prompt"),
            (serde_json::json!({ "params": { "top_p": 2 } }), "preferences.params.top_p"),
            (serde_json::json!({ "about": "é".repeat(501) }), "preferences.about"),
            (serde_json::json!({ "about": "a\u{0}b" }), "preferences.about"),
        ] {
            match valid(patch) {
                Err(AppError::Invalid { field: found, .. }) => assert_eq!(found, field),
                other => panic!("{field}: {other:?}"),
            }
        }
        let full = Preferences { favourites: ids(MOST_FAVOURITES), ..Preferences::default() };
        let one =
            |model: &str, on| PreferencesPatch { favourite: Some((model.into(), on)), ..Default::default() };
        assert!(super::valid(one("a/new", true), &full).is_err());
        assert!(
            super::valid(one("a/1", true), &full).is_ok() && super::valid(one("a/new", false), &full).is_ok()
        );
    }
}
