//! [`Seal`]: texts that only this site can read: encrypted and authenticated with a key made from its secret.

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ring::{
    aead::{Aad, CHACHA20_POLY1305, LessSafeKey, NONCE_LEN, Nonce, UnboundKey},
    hmac,
};

/// Seals and opens for one purpose. Servers that share the secret open what the others sealed.
pub struct Seal {
    key: Option<LessSafeKey>,
}

impl Seal {
    /// `purpose` is another one for each use, so that what was sealed for one use opens in no other.
    pub fn new(secret: &[u8], purpose: &str) -> Self {
        let secret = hmac::Key::new(hmac::HMAC_SHA256, secret);
        let key = hmac::sign(&secret, format!("inglenook: {purpose}").as_bytes());
        Self { key: UnboundKey::new(&CHACHA20_POLY1305, key.as_ref()).ok().map(LessSafeKey::new) }
    }

    /// The sealed bytes in base64 of addresses. `bound_to` says what they belong to, such as an id; they open only
    /// together with the same. `None`: the system gives no random numbers.
    pub fn seal(&self, bytes: &[u8], bound_to: &str) -> Option<String> {
        let mut nonce = [0; NONCE_LEN];
        getrandom::fill(&mut nonce).ok()?;
        let mut sealed = bytes.to_vec();
        let aad = Aad::from(bound_to.as_bytes());
        let key = self.key.as_ref()?;
        key.seal_in_place_append_tag(Nonce::assume_unique_for_key(nonce), aad, &mut sealed).ok()?;
        Some(URL_SAFE_NO_PAD.encode([&nonce[..], &sealed].concat()))
    }

    /// The bytes, if this site sealed them for this purpose and bound them to the same.
    pub fn open(&self, sealed: &str, bound_to: &str) -> Option<Vec<u8>> {
        let mut bytes = URL_SAFE_NO_PAD.decode(sealed).ok()?;
        let (nonce, text) = bytes.split_at_mut_checked(NONCE_LEN)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).ok()?;
        let text = self.key.as_ref()?.open_in_place(nonce, Aad::from(bound_to.as_bytes()), text).ok()?;
        Some(text.to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_opens_for_its_secret_its_purpose_and_what_it_belongs_to() {
        let seal = Seal::new(b"secret", "seeds");
        let sealed = seal.seal(b"seed", "lin").unwrap();
        assert_eq!(seal.open(&sealed, "lin").as_deref(), Some(&b"seed"[..]));
        assert_ne!(seal.seal(b"seed", "lin").unwrap(), sealed);
        assert_eq!(seal.open(&sealed, "kim"), None);
        assert_eq!(Seal::new(b"secret", "keys").open(&sealed, "lin"), None);
        assert_eq!(Seal::new(b"another", "seeds").open(&sealed, "lin"), None);
        for broken in ["", "A", "%", &sealed[1..], &sealed[..sealed.len() - 1]] {
            assert_eq!(seal.open(broken, "lin"), None, "{broken}");
        }
    }
}
