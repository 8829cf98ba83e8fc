//! Tests of the providers in a configuration.

use secrecy::ExposeSecret;

use super::{tests::*, *};

#[test]
fn openai_variables_alone_make_one() {
    let providers = from_env(&[("OPENAI_API_KEY", "sk-1\n")]).providers;
    assert_eq!((&*providers[0].name, &*providers[0].base_url), ("openai", OPENAI_BASE_URL));
    assert_eq!(providers[0].api_key.as_ref().unwrap().expose_secret(), "sk-1");
    let providers = from_env(&[("OPENAI_BASE_URL", "http://localhost:11434/v1/")]).providers;
    assert_eq!(providers[0].base_url, "http://localhost:11434/v1");
    assert!(providers[0].api_key.is_none());
    assert!(mistakes("", &[("OPENAI_BASE_URL", "localhost:11434")], 1).contains("OPENAI_BASE_URL"));
}

const TWO: &str = r#"
[[provider]]
name = "local"
base_url = "http://localhost:11434/v1"

[[provider]]
name = "mistral"
base_url = "https://api.mistral.ai/v1/"
api_key_env = "MISTRAL_API_KEY"
models = ["large", "small", "large"]
title_model = "small"
"#;

#[test]
fn tables_in_their_order_and_the_variables_behind() {
    let config = load(TWO, &[("MISTRAL_API_KEY", "m"), ("OPENAI_API_KEY", "o")]).unwrap();
    let names: Vec<_> = config.providers.iter().map(|provider| &*provider.name).collect();
    assert_eq!(names, ["local", "mistral", "openai"]);
    let mistral = &config.providers[1];
    assert_eq!(mistral.base_url, "https://api.mistral.ai/v1");
    assert_eq!(mistral.api_key.as_ref().unwrap().expose_secret(), "m");
    assert!(mistral.models.iter().map(|model| &*model.name).eq(["large", "small"]));
    assert_eq!(mistral.title_model.as_deref(), Some("small"));
    assert!(config.providers[0].models.is_empty() && config.providers[0].api_key.is_none());
}

#[test]
fn a_written_openai_goes_before_the_variables() {
    let file = "[[provider]]\nname = \"openai\"\nmodels = [\"gpt\"]\n";
    let providers = load(file, &[("OPENAI_API_KEY", "o")]).unwrap().providers;
    assert_eq!(providers.len(), 1);
    assert_eq!((&*providers[0].base_url, providers[0].models.len()), (OPENAI_BASE_URL, 1));
    assert_eq!(providers[0].api_key.as_ref().unwrap().expose_secret(), "o");
    // A key that is meant for one server is not sent to another.
    let file =
        "[[provider]]\nname = \"mine\"\nbase_url = \"http://h/v1\"\napi_key_env = \"OPENAI_API_KEY\"\n";
    assert_eq!(load(file, &[("OPENAI_API_KEY", "o")]).unwrap().providers.len(), 1);
}

#[test]
fn one_variable_holds_them_all() {
    for text in [
        r#"[{"name": "a", "base_url": "http://h/v1", "models": ["m"]}, {"name": "b", "base_url": "http://i/v1"}]"#,
        r#"[{name = "a", base_url = "http://h/v1", models = ["m"]}, {name = "b", base_url = "http://i/v1"}]"#,
    ] {
        let providers = load(TWO, &[("INGLENOOK_PROVIDERS", text)]).unwrap().providers;
        assert_eq!(providers.iter().map(|provider| &*provider.name).collect::<Vec<_>>(), ["a", "b"]);
        assert!(providers[0].models.iter().map(|model| &*model.name).eq(["m"]));
        assert_eq!(providers[0].origin, Origin::Variable("INGLENOOK_PROVIDERS"));
    }
    for text in ["local", "{}", "[", "7"] {
        assert!(mistakes("", &[("INGLENOOK_PROVIDERS", text)], 1).contains("INGLENOOK_PROVIDERS"), "{text}");
    }
    assert!(mistakes("", &[("INGLENOOK_PROVIDERS", "[1]")], 1).contains("provider 1"));
    let null = r#"[{"name": "a", "base_url": null}]"#;
    assert!(mistakes("", &[("INGLENOOK_PROVIDERS", null)], 1).contains("null"));
}

/// The mistake in a table with these lines besides a good name and URL.
fn told(lines: &str) -> String {
    let head = if lines.contains("name =") { "" } else { "name = \"x\"\n" };
    let url = if lines.contains("base_url =") { "" } else { "base_url = \"http://h/v1\"\n" };
    mistakes(&format!("[[provider]]\n{head}{url}{lines}\n"), &[], 1)
}

#[test]
fn each_field_is_checked() {
    for name in ["a/b", "", " ", "ü", "a b", &"x".repeat(41), "demo"] {
        assert!(told(&format!("name = {name:?}")).contains("provider 1 name"), "{name}");
    }
    for url in ["h/v1", "ftp://h", "http://", "http://h/v1?x=1", ""] {
        assert!(told(&format!("base_url = {url:?}")).contains("provider 1 base_url"), "{url}");
    }
    for url in [
        "http://h/v1/chat/completions",
        "http://h/v1/models/",
        " http://h/v1/ ",
        "http://h/v1/chat/completions/ ",
    ] {
        let file = format!("[[provider]]\nname = \"x\"\nbase_url = {url:?}\n");
        assert_eq!(load(&file, &[]).unwrap().providers[0].base_url, "http://h/v1", "{url}");
        let env = [("OPENAI_BASE_URL", url)];
        assert_eq!(load("", &env).unwrap().providers[0].base_url, "http://h/v1", "{url}");
    }
    for name in ["a\nb", &"x".repeat(201), "a\tb"] {
        assert!(told(&format!("models = [{name:?}]")).contains("provider 1 models"), "{name}");
    }
    let error = told("base_url = \"http://me:hunter22@h/v1\"");
    assert!(error.contains("api_key_env") && !error.contains("hunter22"), "{error}");
    assert!(told("models = \"m\"").contains("found \"m\", wanted a list"));
    assert!(told("models = [1]").contains("wanted a list"));
    assert!(told("models = [\"\"]").contains("wanted a list"));
    assert!(told("title_model = 1").contains("provider 1 title_model"));
    assert!(told("api_key_env = \"NOT_THERE\"").contains("NOT_THERE is not set"));
    assert!(told("modles = [\"m\"]").contains("did you mean models?"));
    assert!(mistakes("[[provider]]\n", &[], 2).contains("missing, wanted"));
    assert!(mistakes("[provider]\nname = \"x\"\n", &[], 1).contains("[[provider]]"));
}

#[test]
fn keys_in_the_wrong_place_are_not_shown() {
    for line in ["api_key = \"sk-private\"", "api_key_env = \"sk-private\""] {
        let error = told(line);
        assert!(error.contains("api_key_env") && !error.contains("sk-private"), "{error}");
    }
}

#[test]
fn keys_that_no_header_takes_are_refused() {
    for key in ["sk priv", "sk\npriv", "sk-prüv"] {
        let error = mistakes("", &[("OPENAI_API_KEY", key)], 1);
        assert!(error.contains("OPENAI_API_KEY") && !error.contains("sk"), "{error}");
        let error = mistakes(TWO, &[("MISTRAL_API_KEY", key)], 1);
        assert!(error.contains("MISTRAL_API_KEY") && !error.contains("sk"), "{error}");
    }
}

#[test]
fn names_are_unique() {
    let twice = "[[provider]]\nname = \"x\"\nbase_url = \"http://h/v1\"\n".repeat(2);
    let error = mistakes(&twice, &[], 1);
    assert!(error.contains("provider 2 name") && error.contains("a second time"), "{error}");
}

#[test]
fn the_default_model_is_one_that_is_there() {
    let env = |model| [("MISTRAL_API_KEY", "m"), ("INGLENOOK_CHAT_DEFAULT_MODEL", model)];
    for good in ["mistral/small", "local/anything/with/slashes"] {
        assert_eq!(load(TWO, &env(good)).unwrap().chat.default_model.as_deref(), Some(good));
    }
    assert!(mistakes(TWO, &env("mistral/tiny"), 1).contains("wanted mistral/large, mistral/small"));
    // A provider that is added in the browser.
    assert_eq!(load(TWO, &env("other/m")).unwrap().chat.default_model.as_deref(), Some("other/m"));
    assert!(mistakes(TWO, &env("small"), 1).contains("PROVIDER/MODEL"));
    let alone = load("", &[("INGLENOOK_CHAT_DEFAULT_MODEL", "a/b")]).unwrap();
    assert_eq!(alone.chat.default_model.as_deref(), Some("a/b"));
}
