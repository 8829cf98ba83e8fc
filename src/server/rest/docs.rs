//! `GET /api/docs`: the OpenAPI document as a page to read, without any script.

use axum::response::Response;
use leptos::prelude::*;
use serde_json::Value;

use super::openapi::{DOCUMENT, resolved};
use crate::server::{http::document::Page, words::Words};

pub async fn page() -> Response {
    // As the document itself, and the names in it.
    let page = Page { class: "docs", words: Words::english(), ..Page::new("API") };
    page.render(|| {
        let calls = calls();
        view! {
            <main class="column">
                <h1>"The API of Inglenook "{text(&DOCUMENT["info"], "version")}</h1>
                <p>{text(&DOCUMENT["info"], "description")}</p>
                <p>
                    "All addresses begin with " <code>{text(&DOCUMENT["servers"][0], "url")}</code>
                    ". The same for programs: " <a href="/api/openapi.json">"openapi.json"</a> "."
                </p>
                <nav aria-label="Calls">
                    <ul>
                        {calls
                            .iter()
                            .map(|call| {
                                let link = format!("#{}", text(call.call, "operationId"));
                                view! {
                                    <li>
                                        <a href=link>
                                            <code>{call.name()}</code>
                                        </a>
                                        " "
                                        {text(call.call, "summary")}
                                    </li>
                                }
                            })
                            .collect_view()}
                    </ul>
                </nav>
                {calls.iter().map(section).collect_view()}
                <h2>"What they are made of"</h2>
                {schemas()}
            </main>
        }
    })
}

struct Call {
    path: &'static str,
    method: String,
    call: &'static Value,
    /// Of the path, then of the call.
    parameters: Vec<&'static Value>,
}

impl Call {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

fn calls() -> Vec<Call> {
    let mut calls = Vec::new();
    for (path, item) in DOCUMENT["paths"].as_object().into_iter().flatten() {
        for (method, call) in item.as_object().into_iter().flatten().filter(|(key, _)| *key != "parameters") {
            let lists = [&item["parameters"], &call["parameters"]];
            let parameters = lists.into_iter().filter_map(Value::as_array).flatten().map(resolved).collect();
            calls.push(Call { path, method: method.to_uppercase(), call, parameters });
        }
    }
    calls
}

fn section(call: &Call) -> impl IntoView + use<> {
    let rows = call.parameters.iter().map(|parameter| {
        let place = text(parameter, "in").replace("query", "after the ?");
        (
            text(parameter, "name"),
            kind(&parameter["schema"]),
            format!("{} ({place})", text(parameter, "description")),
        )
    });
    let body = &call.call["requestBody"]["content"]["application/json"]["schema"];
    let answers = call.call["responses"].as_object().into_iter().flatten().map(|(status, answer)| {
        let answer = resolved(answer);
        let schema = answer["content"].as_object().and_then(|content| content.values().next());
        (
            status.clone(),
            schema.map(|content| kind(&content["schema"])).unwrap_or_default(),
            text(answer, "description"),
        )
    });
    view! {
        <section id=text(call.call, "operationId")>
            <h2>
                <code>{call.name()}</code>
            </h2>
            <p>
                <strong>{text(call.call, "summary")}". "</strong>
                {text(call.call, "description")}
            </p>
            {table("Parameters", rows.collect())}
            {(!body.is_null()).then(|| table("Body (JSON)", fields(body)))}
            {table("Answers", answers.collect())}
        </section>
    }
}

fn schemas() -> impl IntoView {
    let schemas = DOCUMENT["components"]["schemas"].as_object().into_iter().flatten();
    schemas
        .map(|(name, schema)| {
            view! {
                <section id=name.clone()>
                    <h3>{name.clone()}</h3>
                    <p>{text(schema, "description")} {choices(schema)}</p>
                    {table("Fields", fields(schema))}
                </section>
            }
        })
        .collect_view()
}

/// A name, its type and what it means.
type Row = (String, String, String);

fn table(caption: &'static str, rows: Vec<Row>) -> impl IntoView {
    (!rows.is_empty()).then(|| {
        let row = |(name, kind, words): Row| {
            view! {
                <tr>
                    <th scope="row">
                        <code>{name}</code>
                    </th>
                    <td>{kind}</td>
                    <td>{words}</td>
                </tr>
            }
        };
        view! {
            <table>
                <caption>{caption}</caption>
                <tbody>{rows.into_iter().map(row).collect_view()}</tbody>
            </table>
        }
    })
}

fn fields(schema: &'static Value) -> Vec<Row> {
    let schema = resolved(schema);
    let required =
        |name: &str| schema["required"].as_array().is_some_and(|all| all.iter().any(|one| one == name));
    let fields = schema["properties"].as_object().into_iter().flatten();
    fields
        .map(|(name, field)| {
            let optional = if required(name) { "" } else { "; optional" };
            (name.clone(), format!("{}{optional}", kind(field)), text(field, "description"))
        })
        .collect()
}

/// A type in a word or two.
fn kind(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return reference.rsplit('/').next().unwrap_or_default().to_owned();
    }
    match &schema["type"] {
        Value::Array(kinds) => kinds.iter().filter_map(Value::as_str).collect::<Vec<_>>().join(" or "),
        Value::String(kind) if kind == "array" => format!("list of {}", kind_of_items(schema)),
        Value::String(kind) if kind == "object" => {
            let names = schema["properties"]
                .as_object()
                .into_iter()
                .flatten()
                .map(|(name, field)| format!("{name}: {}", self::kind(field)));
            format!("{{ {} }}", names.collect::<Vec<_>>().join(", "))
        }
        Value::String(kind) => [kind.clone(), choices(schema)].join(" ").trim().to_owned(),
        _ => String::new(),
    }
}

fn kind_of_items(schema: &Value) -> String {
    kind(&schema["items"])
}

fn choices(schema: &Value) -> String {
    let words = schema["enum"].as_array().into_iter().flatten().filter_map(Value::as_str);
    words.collect::<Vec<_>>().join(" | ")
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().replace('`', "")
}
