//! OpenID Connect: the provider's own description, the code flow, and the checks of an id token.

use std::{
    sync::PoisonError,
    time::{Duration, Instant},
};

use futures::future::BoxFuture;
use openidconnect::{
    AsyncHttpClient, AuthType, AuthorizationCode, ClaimsVerificationError, ClientId, ClientSecret, CsrfToken,
    DiscoveryError, IssuerUrl, Nonce, OAuth2TokenResponse, PkceCodeChallenge, PkceCodeVerifier, RedirectUrl,
    RequestTokenError, Scope, TokenResponse,
    core::{
        CoreAuthPrompt, CoreAuthenticationFlow, CoreClient, CoreClientAuthMethod, CoreIdTokenClaims,
        CoreJwsSigningAlgorithm as Alg, CoreProviderMetadata, CoreTokenResponse, CoreUserInfoClaims,
    },
};
use secrecy::ExposeSecret;

use super::{
    FAILED_FOR, KNOWN_FOR, Proven, Trip, Trouble, Way,
    call::{Caller, NoAnswer},
};

/// How far the provider's clock may be off.
const SKEW_MS: i64 = 60 * 1000;
/// Signatures by a key of the provider, which nobody else has.
const ALGORITHMS: [Alg; 9] = [
    Alg::RsaSsaPkcs1V15Sha256,
    Alg::RsaSsaPkcs1V15Sha384,
    Alg::RsaSsaPkcs1V15Sha512,
    Alg::RsaSsaPssSha256,
    Alg::RsaSsaPssSha384,
    Alg::RsaSsaPssSha512,
    Alg::EcdsaP256Sha256,
    Alg::EcdsaP384Sha384,
    Alg::EdDsa,
];

impl Way {
    pub(super) async fn openid_address(
        &self,
        issuer: &str,
        trip: &Trip,
        challenge: PkceCodeChallenge,
        again: bool,
    ) -> Result<String, Trouble> {
        let (metadata, _) = self.metadata(issuer, None).await?;
        let client = CoreClient::from_provider_metadata(metadata, self.client_id(), self.secret())
            .set_redirect_uri(self.back_url()?);
        let (state, nonce) = (trip.state.clone(), trip.nonce.clone());
        let mut request = client
            .authorize_url(
                CoreAuthenticationFlow::AuthorizationCode,
                move || CsrfToken::new(state),
                move || Nonce::new(nonce),
            )
            .add_scopes(self.config.scopes.iter().filter(|it| *it != "openid").cloned().map(Scope::new))
            .set_pkce_challenge(challenge);
        if again {
            // The second one obliges the provider to say when it was.
            request = request.add_prompt(CoreAuthPrompt::Login).set_max_age(Duration::ZERO);
        }
        Ok(request.url().0.to_string())
    }

    pub(super) async fn openid_proven(
        &self,
        issuer: &str,
        code: &str,
        trip: &Trip,
    ) -> Result<Proven, Trouble> {
        let (metadata, known_since) = self.metadata(issuer, None).await?;
        let tokens = self.exchange(metadata.clone(), code, trip).await?;
        let (claims, metadata) = match self.claims(&metadata, &tokens, trip) {
            Ok(claims) => (claims, metadata),
            // The provider may have changed its keys since.
            Err(ClaimsVerificationError::SignatureVerification(_)) if known_since.is_some() => {
                let (metadata, _) = self.metadata(issuer, known_since).await?;
                let claims = self.claims(&metadata, &tokens, trip).map_err(|error| wrong(&error))?;
                (claims, metadata)
            }
            Err(error) => return Err(wrong(&error)),
        };
        if let Some(asked_at) = trip.asked_at {
            let signed_in = claims.auth_time().map(|at| at.timestamp_millis());
            if signed_in.is_none_or(|at| at < asked_at - SKEW_MS) {
                return Err(Trouble::Stale);
            }
        }
        let mut proven = Proven {
            subject: claims.subject().to_string(),
            email: claims.email().map(|email| email.to_string()),
            email_verified: claims.email_verified().unwrap_or(false),
            name: claims.name().and_then(|name| name.get(None)).map_or_else(String::new, |it| it.to_string()),
        };
        // Many providers tell them there alone.
        if proven.email.is_none()
            && metadata.userinfo_endpoint().is_some()
            && let Some(told) = self.user_info(metadata, &tokens, &claims).await?
        {
            proven.email = told.email().map(|email| email.to_string());
            proven.email_verified = told.email_verified().unwrap_or(false);
            if let Some(name) = told.name().and_then(|name| name.get(None)) {
                proven.name = name.to_string();
            }
        }
        Ok(proven)
    }

    /// What the provider says of itself, and since when it is known if that was not now; not what is known `since` then.
    async fn metadata(
        &self,
        issuer: &str,
        since: Option<Instant>,
    ) -> Result<(CoreProviderMetadata, Option<Instant>), Trouble> {
        if let Some(known) = self.known(since) {
            return known;
        }
        let _asking = self.asking.lock().await;
        if let Some(known) = self.known(since) {
            return known;
        }
        let found = self.discover(issuer).await;
        let known = (self.clock.instant(), found.clone());
        *self.known.lock().unwrap_or_else(PoisonError::into_inner) = Some(known);
        found.map(|metadata| (metadata, None))
    }

    /// What is remembered: what the provider said, or for some seconds that it said nothing, so that nobody can have it
    /// asked without end.
    fn known(
        &self,
        since: Option<Instant>,
    ) -> Option<Result<(CoreProviderMetadata, Option<Instant>), Trouble>> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, found) = known.as_ref()?;
        let age = self.clock.instant().saturating_duration_since(*at);
        match found {
            Ok(metadata) if age < KNOWN_FOR && Some(*at) != since => Some(Ok((metadata.clone(), Some(*at)))),
            Err(trouble) if age < FAILED_FOR => Some(Err(*trouble)),
            _ => None,
        }
    }

    async fn discover(&self, issuer: &str) -> Result<CoreProviderMetadata, Trouble> {
        let issuer = IssuerUrl::new(issuer.to_owned()).map_err(|_| Trouble::Wrong("the issuer's address"))?;
        let found = CoreProviderMetadata::discover_async(issuer, &self.caller).await;
        found.map_err(|error| match error {
            DiscoveryError::Request(error) => error.into(),
            DiscoveryError::Response(status, ..) if status.is_server_error() => Trouble::Away("an error"),
            DiscoveryError::Validation(_) => Trouble::Wrong("another issuer"),
            _ => Trouble::Wrong("its description"),
        })
    }

    async fn exchange(
        &self,
        metadata: CoreProviderMetadata,
        code: &str,
        trip: &Trip,
    ) -> Result<CoreTokenResponse, Trouble> {
        // Basic is the standard's own choice where the provider says nothing.
        let by_body = metadata.token_endpoint_auth_methods_supported().is_some_and(|methods| {
            !methods.contains(&CoreClientAuthMethod::ClientSecretBasic)
                && methods.contains(&CoreClientAuthMethod::ClientSecretPost)
        });
        let mut client = CoreClient::from_provider_metadata(metadata, self.client_id(), self.secret())
            .set_redirect_uri(self.back_url()?);
        if by_body {
            client = client.set_auth_type(AuthType::RequestBody);
        }
        let request = client
            .exchange_code(AuthorizationCode::new(code.to_owned()))
            .map_err(|_| Trouble::Wrong("no address for tokens"))?
            .set_pkce_verifier(PkceCodeVerifier::new(trip.verifier.clone()));
        let answer = request.request_async(&self.caller).await;
        answer.map_err(|error| match error {
            RequestTokenError::Request(error) => error.into(),
            RequestTokenError::ServerResponse(_) => Trouble::Wrong("the code was refused"),
            _ => Trouble::Wrong("no token in the answer"),
        })
    }

    /// What the id token says, if issuer, audience, nonce, times and signature are right.
    fn claims(
        &self,
        metadata: &CoreProviderMetadata,
        tokens: &CoreTokenResponse,
        trip: &Trip,
    ) -> Result<CoreIdTokenClaims, ClaimsVerificationError> {
        let client = CoreClient::from_provider_metadata(metadata.clone(), self.client_id(), self.secret());
        let token = tokens.id_token().ok_or(ClaimsVerificationError::Other(String::new()))?;
        let now = self.clock.now();
        let at = |ms: i64| {
            std::time::UNIX_EPOCH + std::time::Duration::from_millis(u64::try_from(ms).unwrap_or_default())
        };
        let verifier = client
            .id_token_verifier()
            .set_allowed_algs(ALGORITHMS)
            .set_time_fn(move || at(now - SKEW_MS).into())
            .set_issue_time_verifier_fn(move |issued| {
                if issued.timestamp_millis() > now + SKEW_MS { Err(String::new()) } else { Ok(()) }
            });
        token.claims(&verifier, &Nonce::new(trip.nonce.clone())).cloned()
    }

    async fn user_info(
        &self,
        metadata: CoreProviderMetadata,
        tokens: &CoreTokenResponse,
        claims: &CoreIdTokenClaims,
    ) -> Result<Option<CoreUserInfoClaims>, Trouble> {
        let client = CoreClient::from_provider_metadata(metadata, self.client_id(), self.secret());
        let subject = Some(claims.subject().clone());
        let Ok(request) = client.user_info(tokens.access_token().clone(), subject) else { return Ok(None) };
        let told = request.request_async(&self.caller).await;
        told.map(Some).map_err(|error| match error {
            openidconnect::UserInfoError::Request(error) => error.into(),
            _ => Trouble::Wrong("what it says of the person"),
        })
    }

    fn client_id(&self) -> ClientId {
        ClientId::new(self.config.client_id.clone())
    }

    fn secret(&self) -> Option<ClientSecret> {
        let secret = self.config.client_secret.as_ref();
        secret.map(|secret| ClientSecret::new(secret.expose_secret().to_owned()))
    }

    fn back_url(&self) -> Result<RedirectUrl, Trouble> {
        RedirectUrl::new(self.back.clone()).map_err(|_| Trouble::Wrong("our own address"))
    }
}

impl<'c> AsyncHttpClient<'c> for Caller {
    type Error = NoAnswer;
    type Future = BoxFuture<'c, Result<http::Response<Vec<u8>>, NoAnswer>>;

    fn call(&'c self, request: http::Request<Vec<u8>>) -> Self::Future {
        Box::pin(self.send(request))
    }
}

fn wrong(error: &ClaimsVerificationError) -> Trouble {
    Trouble::Wrong(match error {
        ClaimsVerificationError::Expired(_) => "a token that expired",
        ClaimsVerificationError::InvalidAudience(_) => "another audience",
        ClaimsVerificationError::InvalidIssuer(_) => "another issuer",
        ClaimsVerificationError::InvalidNonce(_) => "another nonce",
        ClaimsVerificationError::SignatureVerification(_) => "the signature",
        _ => "the id token",
    })
}
