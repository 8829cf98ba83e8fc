//! `GET /api/docs`: the OpenAPI document as a page to read, without any script.

use std::sync::Arc;

use axum::response::Response;
use leptos::prelude::*;
use serde_json::Value;
use utoipa::openapi::OpenApi;

use crate::server::{http::document::Page, words::Words};

/// The document as JSON.
#[derive(Clone)]
pub struct Document(Arc<Value>);

impl Document {
    pub fn new(document: &OpenApi) -> Self {
        // Plain values cannot fail to become JSON.
        Self(Arc::new(serde_json::to_value(document).unwrap_or_default()))
    }

    /// What a `$ref` within the document leads to; anything else is itself.
    fn resolved<'a>(&'a self, value: &'a Value) -> &'a Value {
        let Some(reference) = value["$ref"].as_str() else { return value };
        reference.strip_prefix('#').and_then(|pointer| self.0.pointer(pointer)).unwrap_or(value)
    }
}

pub fn page(document: Document) -> Response {
    // The document is in English, as are the names in it.
    let page = Page { class: "docs", words: Words::english(), ..Page::new("API") };
    page.render(move || {
        let calls = calls(&document);
        let (info, server) = (&document.0["info"], &document.0["servers"][0]);
        view! {
            <main class="column">
                <h1>"The API of Inglenook "{text(info, "version")}</h1>
                <p>{text(info, "description")}</p>
                <p>
                    "All addresses begin with " <code>{text(server, "url")}</code>
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
                {calls.iter().map(|call| section(&document, call)).collect_view()}
                <h2>"What they are made of"</h2>
                {schemas(&document)}
            </main>
        }
    })
}

struct Call<'a> {
    path: &'a str,
    method: String,
    call: &'a Value,
}

impl Call<'_> {
    fn name(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

fn calls(document: &Document) -> Vec<Call<'_>> {
    let mut calls = Vec::new();
    for (path, item) in document.0["paths"].as_object().into_iter().flatten() {
        for (method, call) in item.as_object().into_iter().flatten() {
            calls.push(Call { path, method: method.to_uppercase(), call });
        }
    }
    calls
}

fn section(document: &Document, call: &Call) -> impl IntoView + use<> {
    let parameters = call.call["parameters"].as_array().into_iter().flatten().map(|parameter| {
        let place = text(parameter, "in").replace("query", "after the ?");
        let words = format!("{} ({place})", text(parameter, "description"));
        (text(parameter, "name"), kind(&parameter["schema"]), words)
    });
    let needed = list(call.call, "security").find_map(|scheme| scheme["key"][0].as_str());
    let needed = needed.map(str::to_owned);
    let body = &call.call["requestBody"]["content"]["application/json"]["schema"];
    let answers = call.call["responses"].as_object().into_iter().flatten().map(|(status, answer)| {
        let schema = answer["content"].as_object().and_then(|content| content.values().next());
        let kind = schema.map(|content| kind(&content["schema"])).unwrap_or_default();
        (status.clone(), kind, text(answer, "description"))
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
            {needed.map(|scope| view! { <p>"With a key: its scope is " <code>{scope}</code> " or larger."</p> })}
            {table("Parameters", parameters.collect())}
            {(!body.is_null()).then(|| table("Body (JSON)", fields(document, body)))}
            {table("Answers", answers.collect())}
        </section>
    }
}

fn schemas(document: &Document) -> impl IntoView + use<> {
    let schemas = document.0["components"]["schemas"].as_object().into_iter().flatten();
    schemas
        .map(|(name, schema)| {
            view! {
                <section id=name.clone()>
                    <h3>{name.clone()}</h3>
                    <p>{text(schema, "description")} " " {choices(schema)}</p>
                    {table("Fields", fields(document, schema))}
                    {list(schema, "oneOf").map(|schema| variant(document, schema)).collect_view()}
                </section>
            }
        })
        .collect_view()
}

/// One form of a schema that has several.
fn variant(document: &Document, schema: &Value) -> impl IntoView + use<> {
    view! {
        <p>{text(schema, "description")}</p>
        {table("Fields", fields(document, schema))}
    }
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

/// The fields of an object, those of its parts first.
fn fields(document: &Document, schema: &Value) -> Vec<Row> {
    let schema = document.resolved(schema);
    let required = |name: &str| list(schema, "required").any(|one| one == name);
    let own = schema["properties"].as_object().into_iter().flatten().map(|(name, field)| {
        let optional = if required(name) { "" } else { "; optional" };
        (name.clone(), format!("{}{optional}", kind(field)), text(field, "description"))
    });
    list(schema, "allOf").flat_map(|part| fields(document, part)).chain(own).collect()
}

/// A type in a word or two.
fn kind(schema: &Value) -> String {
    if let Some(reference) = schema["$ref"].as_str() {
        return reference.rsplit('/').next().unwrap_or_default().to_owned();
    }
    match &schema["type"] {
        Value::String(kind) if kind == "array" => format!("list of {}", self::kind(&schema["items"])),
        Value::String(kind) => format!("{kind} {}", choices(schema)).trim_end().to_owned(),
        Value::Array(kinds) => joined(kinds.iter().filter_map(Value::as_str).map(str::to_owned), " or "),
        _ => joined(list(schema, "oneOf").map(self::kind), " or "),
    }
}

fn choices(schema: &Value) -> String {
    joined(list(schema, "enum").filter_map(Value::as_str).map(str::to_owned), " | ")
}

fn joined(words: impl Iterator<Item = String>, with: &str) -> String {
    words.collect::<Vec<_>>().join(with)
}

fn list<'a>(value: &'a Value, field: &str) -> impl Iterator<Item = &'a Value> {
    value[field].as_array().into_iter().flatten()
}

fn text(value: &Value, field: &str) -> String {
    value[field].as_str().unwrap_or_default().replace('`', "")
}
