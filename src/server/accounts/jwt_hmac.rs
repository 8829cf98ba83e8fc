//! [`install`]: HMAC for `jsonwebtoken`, whose own provider would bring RSA and elliptic curves along.

use hmac::{Hmac, KeyInit, Mac};
use jsonwebtoken::{
    Algorithm, DecodingKey, EncodingKey,
    crypto::{CryptoProvider, JwtSigner, JwtVerifier, KeyUtils},
    errors::{ErrorKind, Result},
    signature::{Error, Signer, Verifier},
};
use sha2::{Sha256, Sha384, Sha512};

static PROVIDER: CryptoProvider = CryptoProvider {
    signer_factory: signer,
    verifier_factory: verifier,
    key_utils: KeyUtils::new_unimplemented(),
};

/// For the whole process; further calls change nothing.
pub fn install() {
    let _ = PROVIDER.install_default();
}

/// A MAC with its key, for one algorithm.
struct Keyed<M> {
    mac: M,
    algorithm: Algorithm,
}

impl<M: Mac + Clone> Signer<Vec<u8>> for Keyed<M> {
    fn try_sign(&self, message: &[u8]) -> std::result::Result<Vec<u8>, Error> {
        Ok(self.mac.clone().chain_update(message).finalize().into_bytes().to_vec())
    }
}

impl<M: Mac + Clone> Verifier<Vec<u8>> for Keyed<M> {
    fn verify(&self, message: &[u8], signature: &Vec<u8>) -> std::result::Result<(), Error> {
        // Compares in constant time.
        self.mac.clone().chain_update(message).verify_slice(signature).map_err(|_| Error::new())
    }
}

impl<M: Mac + Clone> JwtSigner for Keyed<M> {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

impl<M: Mac + Clone> JwtVerifier for Keyed<M> {
    fn algorithm(&self) -> Algorithm {
        self.algorithm
    }
}

fn keyed<M: Mac + KeyInit>(key: &[u8], algorithm: Algorithm) -> Result<Keyed<M>> {
    let mac = <M as KeyInit>::new_from_slice(key).map_err(|_| ErrorKind::InvalidKeyFormat)?;
    Ok(Keyed { mac, algorithm })
}

fn signer(algorithm: &Algorithm, key: &EncodingKey) -> Result<Box<dyn JwtSigner>> {
    let key = key.as_bytes();
    Ok(match algorithm {
        Algorithm::HS256 => Box::new(keyed::<Hmac<Sha256>>(key, *algorithm)?),
        Algorithm::HS384 => Box::new(keyed::<Hmac<Sha384>>(key, *algorithm)?),
        Algorithm::HS512 => Box::new(keyed::<Hmac<Sha512>>(key, *algorithm)?),
        _ => return Err(ErrorKind::InvalidAlgorithm.into()),
    })
}

fn verifier(algorithm: &Algorithm, key: &DecodingKey) -> Result<Box<dyn JwtVerifier>> {
    let key = key.try_get_as_bytes()?;
    Ok(match algorithm {
        Algorithm::HS256 => Box::new(keyed::<Hmac<Sha256>>(key, *algorithm)?),
        Algorithm::HS384 => Box::new(keyed::<Hmac<Sha384>>(key, *algorithm)?),
        Algorithm::HS512 => Box::new(keyed::<Hmac<Sha512>>(key, *algorithm)?),
        _ => return Err(ErrorKind::InvalidAlgorithm.into()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The example of RFC 7515, A.1, made elsewhere.
    #[test]
    fn a_signature_of_the_standard_is_recognized_and_others_are_not() {
        install();
        let key = "AyM1SysPpbyDfgZld3umj1qzKObwVMkoqQ-EstJQLr_T-1qS0gZH75aKtMN3Yj0iPS4hcgUuTwjAzZr1Z9CAow";
        let message = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9.\
                       eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
        let signature = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
        let verify = |signature: &str, message: &str, algorithm| {
            let key = DecodingKey::from_base64_secret(&base64_url_to_plain(key)).unwrap();
            jsonwebtoken::crypto::verify(signature, message.as_bytes(), &key, algorithm)
        };
        assert!(verify(signature, message, Algorithm::HS256).unwrap());
        assert!(!verify(signature, &message[1..], Algorithm::HS256).unwrap());
        assert!(!verify(&signature[..40], message, Algorithm::HS256).unwrap());
        assert!(!verify("", message, Algorithm::HS256).unwrap());
        assert!(!verify(signature, message, Algorithm::HS512).unwrap());
        assert!(verify(signature, message, Algorithm::RS256).is_err());
    }

    fn base64_url_to_plain(text: &str) -> String {
        format!("{}==", text.replace('-', "+").replace('_', "/"))
    }
}
