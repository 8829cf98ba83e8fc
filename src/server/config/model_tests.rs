//! Tests of what the configuration says of models: names, `context`, `vision` and `price`.

use super::tests::{load, mistakes};
use crate::domain::{Listed, Price, Traits};

const HEAD: &str = "[[provider]]\nname = \"x\"\nbase_url = \"http://h/v1\"\n";

#[test]
fn what_is_said_of_one_model_goes_before_what_is_said_of_all() {
    let lines = r#"
context = 65536
vision = false
price = { input = 1, output = 2.5, currency = "EUR" }
models = ["a", { name = " b ", context = 8192, vision = true }, { name = "c", price = { input = 0, output = 0, currency = "USD" } }, "a"]
"#;
    let provider = load(&format!("{HEAD}{lines}"), &[]).unwrap().providers.remove(0);
    let euros = Some(Price { input: 1.0, output: 2.5, currency: "EUR".to_owned() });
    let free = Some(Price { input: 0.0, output: 0.0, currency: "USD".to_owned() });
    let listed = |name: &str, context, vision, price: &Option<Price>| Listed {
        name: name.to_owned(),
        traits: Traits {
            context: Some(context),
            vision: Some(vision),
            price: price.clone(),
            ..Traits::default()
        },
    };
    assert_eq!(provider.traits, listed("", 65_536, false, &euros).traits);
    assert_eq!(
        provider.models,
        [
            listed("a", 65_536, false, &euros),
            listed("b", 8192, true, &euros),
            listed("c", 65_536, false, &free)
        ]
    );
}

#[test]
fn a_variable_says_it_too() {
    for text in [
        r#"[{"name": "x", "base_url": "http://h/v1", "context": 4096, "models": [{"name": "m", "vision": true, "price": {"input": 0.15, "output": 0.6, "currency": "USD"}}]}]"#,
        r#"[{name = "x", base_url = "http://h/v1", context = 4096, models = [{name = "m", vision = true, price = {input = 0.15, output = 0.6, currency = "USD"}}]}]"#,
    ] {
        let provider = load("", &[("INGLENOOK_PROVIDERS", text)]).unwrap().providers.remove(0);
        let price = Some(Price { input: 0.15, output: 0.6, currency: "USD".to_owned() });
        let traits = Traits { context: Some(4096), vision: Some(true), price, ..Traits::default() };
        assert_eq!(provider.models, [Listed { name: "m".to_owned(), traits }]);
    }
}

/// The mistake in a table with this line, without the folder of the file.
fn told(line: &str) -> String {
    let told = mistakes(&format!("{HEAD}{line}\n"), &[], 1);
    let (before, rest) = told.split_once('(').unwrap();
    format!("{before}({}", &rest[rest.find("Leptos.toml").unwrap()..])
}

#[test]
fn a_mistake_is_told_with_its_key_what_was_found_and_the_line() {
    let key = "provider 1 context (Leptos.toml line 4)";
    for (line, found) in [
        ("context = 255", "found the number 255"),
        ("context = 10000001", "found the number 10000001"),
        ("context = -1", "found the number -1"),
        ("context = 8192.5", "found the number 8192.5"),
        ("context = \"8k\"", "found \"8k\""),
    ] {
        let told = told(line);
        let wanted = format!("{key}: {found}, wanted a whole number of tokens from 256 to 10000000");
        assert!(told.contains(&wanted), "{told}");
    }
    for (line, wanted) in [
        ("vision = 1", "provider 1 vision (Leptos.toml line 4): found the number 1, wanted true or false"),
        ("price = 3", "provider 1 price (Leptos.toml line 4): found the number 3, wanted a table"),
        (
            "price = { input = -0.5, output = 1, currency = \"USD\" }",
            "provider 1 price input (Leptos.toml line 4): found the number -0.5, wanted",
        ),
        (
            "price = { input = nan, output = 1, currency = \"USD\" }",
            "price input (Leptos.toml line 4): found",
        ),
        ("price = { input = 1, currency = \"USD\" }", "price output (Leptos.toml line 4): missing, wanted"),
        (
            "price = { input = 1, output = 1 }",
            "price currency (Leptos.toml line 4): missing, wanted the three",
        ),
        (
            "price = { input = 1, output = 1, currency = \"Euro\" }",
            "price currency (Leptos.toml line 4): found \"Euro\", wanted",
        ),
        (
            "price = { input = 1, output = 1, currency = \"USD\", per = 5 }",
            "price per (Leptos.toml line 4): there is no such key",
        ),
        (
            "models = [\n\"a\",\n{ name = \"b\", contxt = 1 }]",
            "provider 1 models 2 contxt (Leptos.toml line 6): there is no such key; did you mean context?",
        ),
        ("models = [{ context = 512 }]", "provider 1 models 1 name (Leptos.toml line 4): missing, wanted"),
        ("models = [{ name = \"a\\nb\" }]", "provider 1 models 1 name (Leptos.toml line 4): found"),
        (
            "models = [{ name = \"a\", context = 1 }]",
            "provider 1 models 1 context (Leptos.toml line 4): found the number 1, wanted",
        ),
    ] {
        let told = told(line);
        assert!(told.contains(wanted), "{told}\nwanted {wanted}");
    }
}
