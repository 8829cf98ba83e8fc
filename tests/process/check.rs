//! `inglenook check` as an operator runs it: what it says of providers behind certificates and proxies.

use std::{net::SocketAddr, path::Path, process::Command, sync::Arc};

use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};
use tokio_rustls::TlsAcceptor;

use crate::{
    proxy::{Network, Proxy},
    site::Site,
    tokens,
};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/support/tls");

fn pem(name: &str) -> String {
    format!("{FOLDER}/{name}.pem")
}

/// A model server without TLS.
fn upstream() -> SocketAddr {
    let (listener, address) = tokens::listen().unwrap();
    tokio::spawn(tokens::serve(listener, tokens::Calls::default()));
    address
}

/// Puts TLS with a certificate of the folder in front of a server. Gives the port.
async fn behind_tls(target: SocketAddr, name: &str) -> u16 {
    let key = PrivateKeyDer::from_pem_file(format!("{FOLDER}/{name}.key")).unwrap();
    let config = ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from_pem_file(pem(name)).unwrap()], key)
        .unwrap();
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let Ok(mut outside) = acceptor.accept(stream).await else { return };
                let Ok(mut inside) = TcpStream::connect(target).await else { return };
                let _ = tokio::io::copy_bidirectional(&mut outside, &mut inside).await;
            });
        }
    });
    port
}

/// What `inglenook check` says of the provider.
async fn said(base_url: &str, settings: &[(&str, &str)]) -> String {
    let providers = json!([{ "name": "acme", "base_url": base_url }]).to_string();
    let settings: Vec<(String, String)> =
        settings.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    let run = tokio::task::spawn_blocking(move || {
        let folder = tempfile::tempdir().unwrap();
        let config = folder.path().join("empty.toml");
        std::fs::write(&config, "").unwrap();
        let done = Command::new(Path::new(env!("CARGO_BIN_EXE_inglenook")))
            .arg("check")
            .env_clear()
            .env("INGLENOOK_CONFIG", &config)
            .env("INGLENOOK_DATA_DIR", folder.path().join("data"))
            .env("INGLENOOK_LISTEN", "127.0.0.1:0")
            .env("INGLENOOK_PROVIDERS", providers)
            .envs(settings)
            .current_dir(folder.path())
            .output()
            .unwrap();
        String::from_utf8(done.stdout).unwrap()
    });
    let report = run.await.unwrap();
    let line = report.lines().find(|line| line.contains("provider: acme"));
    line.unwrap_or_else(|| panic!("{report}")).to_owned()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn certificates_are_named() {
    let target = upstream();
    let ports = futures::future::join_all(
        ["own", "common", "leaf", "other", "expired"].map(|name| behind_tls(target, name)),
    );
    let [own, common, leaf, other, expired] = ports.await.try_into().unwrap();
    let (own_pem, common_pem, authority, other_pem, expired_pem) =
        (pem("own"), pem("common"), pem("authority"), pem("other"), pem("expired"));
    let trust = |file| vec![("SSL_CERT_FILE", file)];
    let good = "models, such as tokens-10-delay-0";
    for (port, settings, part) in [
        (own, vec![], "self-signed"),
        (own, trust(&*other_pem), "self-signed"),
        (own, trust("/nowhere/at.all"), "self-signed"),
        (own, trust(&own_pem), good),
        (own, vec![("SSL_CERT_DIR", FOLDER)], good),
        (common, trust(&common_pem), good),
        (leaf, vec![], "not known here"),
        (leaf, trust(&authority), good),
        (other, trust(&other_pem), "another name"),
        (expired, trust(&expired_pem), "expired"),
        (expired, vec![], "expired"),
    ] {
        let line = said(&format!("https://localhost:{port}/v1"), &settings).await;
        assert!(line.contains(part), "{settings:?}: {line}");
        assert!(part == good || line.contains("certificate") && !line.contains("it is running"), "{line}");
    }
    let line = said(&format!("http://{target}/v1"), &[("SSL_CERT_FILE", "/nowhere/at.all")]).await;
    assert!(line.contains(good), "{line}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn proxies_are_named_and_not_asked_for_this_machine() {
    let target = upstream();
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let dead = format!("http://me:hunter22@{closed}");
    for name in ["HTTP_PROXY", "http_proxy", "ALL_PROXY", "HTTPS_PROXY"] {
        let line = said(&format!("http://{target}/v1"), &[(name, &dead)]).await;
        assert!(line.contains("models, such as"), "{name}: {line}");
    }
    let line = said(&format!("http://{target}/v1"), &[("ALL_PROXY", "socks5://p:1")]).await;
    assert!(line.contains("models, such as"), "{line}");
    for (url, name) in [
        ("http://models.invalid/v1", "HTTP_PROXY"),
        ("http://models.invalid/v1", "ALL_PROXY"),
        ("https://models.invalid/v1", "HTTPS_PROXY"),
    ] {
        let line = said(url, &[(name, &dead)]).await;
        assert!(line.contains(&format!("proxy {closed}")) && !line.contains("hunter22"), "{line}");
        let line = said(url, &[(name, &dead), ("NO_PROXY", "models.invalid")]).await;
        assert!(line.contains("Check that it is running") && !line.contains("proxy"), "{line}");
        let line = said(url, &[(name, "socks://me:hunter22@p:1")]).await;
        assert!(line.contains(name) && !line.contains("hunter22"), "{line}");
    }
    // A proxy that works is used; this one forwards everything to the model server.
    let proxy = Proxy::before(target).await.unwrap();
    let through = format!("http://{}", proxy.address);
    let line = said("http://models.invalid/v1", &[("HTTP_PROXY", &through)]).await;
    assert!(line.contains("models, such as"), "{line}");
    proxy.set(Network::Cut);
    let line = said("http://models.invalid/v1", &[("HTTP_PROXY", &through)]).await;
    assert!(line.contains("acme"), "{line}");
}

/// A running server does as `check` says when a question is asked.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_with_a_proxy_asks_its_own_machine_itself() {
    let closed = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let dead = format!("http://{closed}");
    let site = Site::start(&[("HTTP_PROXY", &dead), ("ALL_PROXY", &dead)]).await;
    let lin = site.person("lin").await;
    let conversation = lin.conversation().await;
    lin.ask(&conversation, "tokens-20-delay-0").await;
    assert_eq!(lin.settled(&conversation).await["status"], "complete");
}
