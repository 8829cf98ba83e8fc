//! What the configuration says of models: their names, and `context`, `vision` and `price` of all or of one.

use std::collections::HashSet;

use crate::domain::{Listed, Model, Price, Traits, model::CONTEXT_TOKENS};

use super::{
    keys::{MODEL_KEYS, PRICE_KEYS},
    table::{Table, unknown_fields},
    value::{Node, Value},
};

/// The highest price of a million tokens that is no mistake.
const MOST: f64 = 1_000_000.0;

/// The models of a provider, each once, in their order; `of_all` is what is said of all of them.
pub(super) fn models(table: &mut Table<'_, '_>, of_all: &Traits) -> Vec<Listed> {
    const WANTED: &str = "a list of models' names of at most 200 characters, or of tables with such a name, such as \
        [\"llama3.2\", {name = \"qwen3\", context = 32768}]";
    let Some(node) = table.field("models") else { return Vec::new() };
    let Value::List(items) = &node.value else {
        table.problem("models", format!("found {}, wanted {WANTED}", node.value.shown()));
        return Vec::new();
    };
    let (mut models, mut seen) = (Vec::new(), HashSet::new());
    for (i, item) in items.iter().enumerate() {
        let model = match &item.value {
            Value::Text(name) => Some(Listed { name: name.trim().to_owned(), traits: Traits::default() }),
            Value::Table(_) => described(&mut table.inner(&format!("models {}", i + 1), item)),
            _ => None,
        };
        match model.filter(|model| Model::is_name(&model.name)) {
            Some(model) if seen.insert(model.name.clone()) => {
                models.push(Listed { traits: model.traits.or(of_all), ..model });
            }
            Some(_) => {}
            // What is wrong with a table's name is told by what reads it.
            None if matches!(item.value, Value::Table(_)) => {}
            None => {
                table.problem("models", format!("found {}, wanted {WANTED}", item.value.shown()));
                return models;
            }
        }
    }
    models
}

fn described(table: &mut Table<'_, '_>) -> Option<Listed> {
    const WANTED: &str = "the name of a model, on one line of at most 200 characters";
    unknown_fields(table, MODEL_KEYS);
    let traits = traits(table);
    let name = table.wanted_text("name", WANTED, true)?;
    if !Model::is_name(&name) {
        table.problem("name", format!("found {}, wanted {WANTED}", Value::Text(name).shown()));
        return None;
    }
    Some(Listed { name, traits })
}

/// What a table says of its model, or of all its models.
pub(super) fn traits(table: &mut Table<'_, '_>) -> Traits {
    let context = table.field("context").and_then(|node| {
        let found = match node.value {
            Value::Integer(number) => u32::try_from(number).ok().filter(|it| CONTEXT_TOKENS.contains(it)),
            _ => None,
        };
        if found.is_none() {
            let (least, most) = (CONTEXT_TOKENS.start(), CONTEXT_TOKENS.end());
            let wanted = format!("a whole number of tokens from {least} to {most}");
            table.problem("context", format!("found {}, wanted {wanted}", node.value.shown()));
        }
        found
    });
    let vision = table.field("vision").and_then(|node| match node.value {
        Value::Truth(truth) => Some(truth),
        _ => {
            table.problem("vision", format!("found {}, wanted true or false", node.value.shown()));
            None
        }
    });
    let price = table.field("price").and_then(|node| price(table, node));
    Traits { context, vision, price }
}

fn price(table: &mut Table<'_, '_>, node: &Node) -> Option<Price> {
    if !matches!(node.value, Value::Table(_)) {
        let wanted = "a table such as {input = 0.15, output = 0.6, currency = \"USD\"}, for a million tokens";
        table.problem("price", format!("found {}, wanted {wanted}", node.value.shown()));
        return None;
    }
    let mut table = table.inner("price", node);
    unknown_fields(&mut table, PRICE_KEYS);
    let (input, output) = (amount(&mut table, "input"), amount(&mut table, "output"));
    const WANTED: &str = "the three capital letters of a currency, such as \"USD\"";
    let currency = table.wanted_text("currency", WANTED, true)?;
    if currency.len() != 3 || !currency.bytes().all(|byte| byte.is_ascii_uppercase()) {
        table.problem("currency", format!("found {}, wanted {WANTED}", Value::Text(currency).shown()));
        return None;
    }
    Some(Price { input: input?, output: output?, currency })
}

fn amount(table: &mut Table<'_, '_>, name: &str) -> Option<f64> {
    const WANTED: &str = "what a million tokens cost, a number that is not below 0, such as 0.15";
    let found = table.field(name).map(|node| &node.value);
    let amount = match found {
        #[expect(clippy::cast_precision_loss, reason = "what a price may be has few digits")]
        Some(Value::Integer(number)) => Some(*number as f64),
        Some(Value::Decimal(number)) => Some(*number),
        _ => None,
    };
    let amount = amount.filter(|amount| (0.0..=MOST).contains(amount));
    if amount.is_none() {
        let found = found.map_or("missing".to_owned(), |value| format!("found {}", value.shown()));
        table.problem(name, format!("{found}, wanted {WANTED}"));
    }
    amount
}

#[cfg(test)]
mod tests {
    use super::super::tests::{load, mistakes};
    use super::*;

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
            traits: Traits { context: Some(context), vision: Some(vision), price: price.clone() },
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
            let traits = Traits { context: Some(4096), vision: Some(true), price };
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
            (
                "vision = 1",
                "provider 1 vision (Leptos.toml line 4): found the number 1, wanted true or false",
            ),
            ("price = 3", "provider 1 price (Leptos.toml line 4): found the number 3, wanted a table"),
            (
                "price = { input = -0.5, output = 1, currency = \"USD\" }",
                "provider 1 price input (Leptos.toml line 4): found the number -0.5, wanted",
            ),
            (
                "price = { input = nan, output = 1, currency = \"USD\" }",
                "price input (Leptos.toml line 4): found",
            ),
            (
                "price = { input = 1, currency = \"USD\" }",
                "price output (Leptos.toml line 4): missing, wanted",
            ),
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
            (
                "models = [{ context = 512 }]",
                "provider 1 models 1 name (Leptos.toml line 4): missing, wanted",
            ),
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
}
