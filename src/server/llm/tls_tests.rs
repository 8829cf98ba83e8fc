//! TLS handshakes over sockets, with certificates that openssl made.

use std::sync::Arc;

use rustls::pki_types::{CertificateDer, PrivateKeyDer, ServerName, pem::PemObject};
use rustls::{CertificateError, Error, ServerConfig};
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::{TlsAcceptor, TlsConnector};

use super::{reason, trusting};

macro_rules! file {
    ($name:literal) => {
        include_bytes!(concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/tls/", $name))
    };
}

fn certificate(pem: &[u8]) -> CertificateDer<'static> {
    CertificateDer::from_pem_slice(pem).unwrap()
}

/// The result of a handshake with a server that shows `shown` and is called `host`, when `named` is trusted.
async fn outcome(shown: (&[u8], &[u8]), named: &[&[u8]], host: &'static str) -> Result<(), Error> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let server = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![certificate(shown.0)], PrivateKeyDer::from_pem_slice(shown.1).unwrap())
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    tokio::spawn(async move {
        let (stream, _) = listener.accept().await.unwrap();
        let _ = TlsAcceptor::from(Arc::new(server)).accept(stream).await;
    });
    let client = trusting(named.iter().map(|pem| certificate(pem)).collect()).unwrap();
    let stream = TcpStream::connect(address).await.unwrap();
    let host = ServerName::try_from(host).unwrap();
    match TlsConnector::from(Arc::new(client)).connect(host, stream).await {
        Ok(_) => Ok(()),
        Err(error) => Err(error.into_inner().unwrap().downcast_ref::<Error>().unwrap().clone()),
    }
}

const OWN: (&[u8], &[u8]) = (file!("own.pem"), file!("own.key"));
const COMMON: (&[u8], &[u8]) = (file!("common.pem"), file!("common.key"));
const OTHER: (&[u8], &[u8]) = (file!("other.pem"), file!("other.key"));
const EXPIRED: (&[u8], &[u8]) = (file!("expired.pem"), file!("expired.key"));
const LEAF: (&[u8], &[u8]) = (file!("leaf.pem"), file!("leaf.key"));
const AUTHORITY: &[u8] = file!("authority.pem");

#[tokio::test]
async fn what_is_named_is_trusted() {
    for host in ["localhost", "127.0.0.1"] {
        assert_eq!(outcome(OWN, &[OWN.0], host).await, Ok(()), "{host}");
        assert_eq!(outcome(OWN, &[AUTHORITY, OTHER.0, OWN.0], host).await, Ok(()), "{host}");
        assert_eq!(outcome(LEAF, &[AUTHORITY], host).await, Ok(()), "{host}");
        assert!(outcome(LEAF, &[LEAF.0], host).await.is_err(), "its authority is not named: {host}");
    }
    // A certificate without alternative names, which is what openssl makes by default.
    assert_eq!(outcome(COMMON, &[COMMON.0], "localhost").await, Ok(()));
    assert_eq!(outcome(OTHER, &[OTHER.0], "other.example").await, Ok(()));
}

#[tokio::test]
async fn what_is_not_named_is_refused_and_said() {
    for (shown, named, host, part) in [
        (OWN, AUTHORITY, "localhost", "not-trusted"),
        (OWN, LEAF.0, "localhost", "not-trusted"),
        (COMMON, OWN.0, "localhost", "not-trusted"),
        (LEAF, OWN.0, "localhost", "not-trusted"),
        (OTHER, OTHER.0, "localhost", "certificate-name"),
        (OTHER, OTHER.0, "127.0.0.1", "certificate-name"),
        (OWN, OWN.0, "other.example", "certificate-name"),
        (LEAF, AUTHORITY, "other.example", "certificate-name"),
        (COMMON, COMMON.0, "local", "certificate-name"),
        (COMMON, COMMON.0, "xlocalhost", "certificate-name"),
        (EXPIRED, EXPIRED.0, "localhost", "expired"),
        (EXPIRED, AUTHORITY, "localhost", "expired"),
    ] {
        let error = outcome(shown, &[named], host).await.unwrap_err();
        let said = reason(&error).unwrap();
        assert!(said.key().contains(part), "{host} {part}: {error:?}: {said}");
    }
}

#[test]
fn every_certificate_that_is_refused_has_a_reason() {
    for invalid in [CertificateError::UnknownIssuer, CertificateError::Revoked, CertificateError::BadEncoding]
    {
        assert!(reason(&Error::InvalidCertificate(invalid)).unwrap().key().contains("certificate"));
    }
    assert!(trusting(Vec::new()).is_err());
    assert!(trusting(vec![CertificateDer::from(b"no certificate".to_vec())]).is_err());
}
