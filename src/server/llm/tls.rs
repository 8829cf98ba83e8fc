//! Which certificates of providers are trusted: those that the system trusts, or those that `SSL_CERT_FILE` and
//! `SSL_CERT_DIR` name instead.
//!
//! A certificate that an operator makes with one openssl command is marked as an authority's, and web rules refuse
//! such a certificate for a server. One that those variables name is accepted if the server shows it byte for byte.

use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::{WebPkiServerVerifier, verify_server_name};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{CertificateError, ClientConfig, DigitallySignedStruct, Error, RootCertStore, SignatureScheme};

use crate::domain::Reason;

/// The TLS configuration for the variables; `None` when they are not set and the system decides.
pub(super) fn from_environment() -> Option<Result<ClientConfig, String>> {
    let is_set = |name: &str| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    if !is_set("SSL_CERT_FILE") && !is_set("SSL_CERT_DIR") {
        return None;
    }
    // Reads these variables; the system's certificates are read only when neither is set.
    let found = rustls_native_certs::load_native_certs();
    for error in &found.errors {
        tracing::warn!(%error, "certificates of SSL_CERT_FILE or SSL_CERT_DIR cannot be read");
    }
    let config = trusting(found.certs);
    if let Err(reason) = &config {
        tracing::warn!(
            reason,
            "SSL_CERT_FILE or SSL_CERT_DIR names no certificate: no https provider is trusted"
        );
    }
    Some(config)
}

/// A configuration that trusts these certificates, as authorities and as servers.
fn trusting(certificates: Vec<CertificateDer<'static>>) -> Result<ClientConfig, String> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(certificates.iter().cloned());
    let rules = WebPkiServerVerifier::builder_with_provider(Arc::new(roots), provider.clone())
        .build()
        .map_err(|error| error.to_string())?;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Verifier { rules, named: certificates }))
        .with_no_client_auth();
    Ok(config)
}

#[derive(Debug)]
struct Verifier {
    rules: Arc<WebPkiServerVerifier>,
    /// The certificates that the operator named.
    named: Vec<CertificateDer<'static>>,
}

impl ServerCertVerifier for Verifier {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        host: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let by_rules = self.rules.verify_server_cert(certificate, intermediates, host, ocsp_response, now);
        match by_rules {
            // webpki refuses the certificate for its kind. An expired certificate or one of another name has an error
            // of its own, and is refused here too.
            Err(Error::InvalidCertificate(CertificateError::Other(_)))
                if self.named.contains(certificate) =>
            {
                is_for(certificate, host).map(|()| ServerCertVerified::assertion())
            }
            other => other,
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.rules.verify_tls12_signature(message, certificate, signed)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.rules.verify_tls13_signature(message, certificate, signed)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.rules.supported_verify_schemes()
    }
}

/// Whether a certificate is for this host: by its alternative names or, if it has none, by the common name that
/// openssl asks for.
fn is_for(certificate: &CertificateDer<'_>, host: &ServerName<'_>) -> Result<(), Error> {
    let by_rules = verify_server_name(&ParsedCertificate::try_from(certificate)?, host);
    match &by_rules {
        Err(Error::InvalidCertificate(CertificateError::NotValidForNameContext { presented, .. }))
            if presented.is_empty() && has_common_name(certificate, &host.to_str()) =>
        {
            Ok(())
        }
        _ => by_rules,
    }
}

/// Looks for the number of a common name (2.5.4.3), a text type, its length, and the text.
fn has_common_name(certificate: &[u8], host: &str) -> bool {
    const NUMBER: &[u8] = &[0x06, 0x03, 0x55, 0x04, 0x03];
    let Ok(length) = u8::try_from(host.len()) else { return false };
    let size = NUMBER.len() + 2 + host.len();
    certificate.windows(size).any(|at| {
        at.strip_prefix(NUMBER).and_then(|rest| rest.split_first_chunk::<2>()).is_some_and(|(head, text)| {
            matches!(head, [0x0c | 0x13 | 0x16, it] if *it == length)
                && text.eq_ignore_ascii_case(host.as_bytes())
        })
    })
}

/// The reason for a TLS error; `None` for one that is not about certificates.
pub(super) fn reason(error: &Error) -> Option<Reason> {
    let Error::InvalidCertificate(invalid) = error else {
        return match error {
            Error::InvalidMessage(_) => Some(Reason::new("provider-not-https")),
            Error::AlertReceived(_) | Error::PeerIncompatible(_) => Some(Reason::new("provider-tls-refused")),
            _ => None,
        };
    };
    Some(match invalid {
        CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
            Reason::new("provider-certificate-expired")
        }
        CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
            Reason::new("provider-certificate-not-yet")
        }
        CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => {
            Reason::new("provider-certificate-name")
        }
        CertificateError::Revoked => Reason::new("provider-certificate-revoked"),
        _ => Reason::new("provider-certificate-not-trusted"),
    })
}

#[cfg(test)]
#[path = "tls_tests.rs"]
mod tests;
