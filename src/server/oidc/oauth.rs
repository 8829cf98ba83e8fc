//! OAuth without OpenID Connect: a code for a token, and an address that tells whose token it is.

use axum_extra::headers::{Authorization, HeaderMapExt};
use http::{Method, header};
use openidconnect::PkceCodeChallenge;
use reqwest::Url;
use secrecy::ExposeSecret;
use serde_json::Value;

use super::{Proven, Trip, Trouble, Way};
use crate::server::config::UserFields;

impl Way {
    pub(super) fn oauth_address(
        &self,
        authorize_url: &str,
        trip: &Trip,
        challenge: &PkceCodeChallenge,
    ) -> Result<String, Trouble> {
        let mut url = Url::parse(authorize_url).map_err(|_| Trouble::Wrong("its address"))?;
        let mut pairs = url.query_pairs_mut();
        pairs.append_pair("response_type", "code");
        pairs.append_pair("client_id", &self.config.client_id);
        pairs.append_pair("redirect_uri", &self.back);
        pairs.append_pair("state", &trip.state);
        pairs.append_pair("code_challenge", challenge.as_str());
        pairs.append_pair("code_challenge_method", "S256");
        if !self.config.scopes.is_empty() {
            pairs.append_pair("scope", &self.config.scopes.join(" "));
        }
        drop(pairs);
        Ok(url.to_string())
    }

    pub(super) async fn oauth_proven(
        &self,
        (token_url, user_info_url): (&str, &str),
        fields: &UserFields,
        code: &str,
        trip: &Trip,
    ) -> Result<Proven, Trouble> {
        let form = self.form(code, trip)?;
        let request = http::Request::builder()
            .method(Method::POST)
            .uri(token_url)
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::ACCEPT, "application/json")
            .body(form);
        let answer = self.json(request).await?;
        // GitHub answers 200 with an error in place of the token.
        let token = answer["access_token"].as_str().ok_or(Trouble::Wrong("the code was refused"))?;
        let bearer = Authorization::bearer(token).map_err(|_| Trouble::Wrong("the token is none"))?;
        let request = http::Request::builder()
            .uri(user_info_url)
            .header(header::ACCEPT, "application/json")
            .body(Vec::new())
            .map(|mut request| {
                request.headers_mut().typed_insert(bearer);
                request
            });
        let person = self.json(request).await?;
        let text = |field: &str| person[field].as_str().map(str::to_owned);
        let id = &person[fields.id.as_str()];
        let verified = fields.email_verified.as_deref().map(|field| &person[field]);
        Ok(Proven {
            // GitHub's ids are numbers.
            subject: id
                .as_str()
                .map(str::to_owned)
                .or_else(|| id.as_u64().map(|id| id.to_string()))
                .unwrap_or_default(),
            email: text(&fields.email),
            email_verified: verified.is_some_and(|it| *it == Value::Bool(true)),
            name: text(&fields.name).unwrap_or_default(),
        })
    }

    /// What is sent for a token.
    fn form(&self, code: &str, trip: &Trip) -> Result<Vec<u8>, Trouble> {
        let mut form = Url::parse("http://form.invalid").map_err(|_| Trouble::Wrong("the form"))?;
        let mut pairs = form.query_pairs_mut();
        pairs.append_pair("grant_type", "authorization_code");
        pairs.append_pair("code", code);
        pairs.append_pair("redirect_uri", &self.back);
        pairs.append_pair("client_id", &self.config.client_id);
        pairs.append_pair("code_verifier", &trip.verifier);
        if let Some(secret) = &self.config.client_secret {
            pairs.append_pair("client_secret", secret.expose_secret());
        }
        drop(pairs);
        Ok(form.query().unwrap_or_default().as_bytes().to_vec())
    }

    async fn json(&self, request: http::Result<http::Request<Vec<u8>>>) -> Result<Value, Trouble> {
        let request = request.map_err(|_| Trouble::Wrong("a request"))?;
        let answer = self.caller.send(request).await?;
        match answer.status() {
            status if status.is_success() => {}
            status if status.is_server_error() => return Err(Trouble::Away("an error")),
            _ => return Err(Trouble::Wrong("a refusal")),
        }
        let value: Value = serde_json::from_slice(answer.body()).map_err(|_| Trouble::Wrong("no JSON"))?;
        if value.is_object() { Ok(value) } else { Err(Trouble::Wrong("no JSON object")) }
    }
}
