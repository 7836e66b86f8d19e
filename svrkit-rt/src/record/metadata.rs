//! Metadata without what is named like a secret.

use crate::metadata::Metadata;

/// What a name has in it whose value is nobody's business. Rather a harmless entry too few on file than a password.
const SECRET_STEMS: [&str; 12] = [
    "auth",
    "cookie",
    "credential",
    "jwt",
    "key",
    "passphrase",
    "passw",
    "secret",
    "session",
    "signature",
    "ticket",
    "token",
];

/// The entries that may be written, encoded.
pub(super) fn without_secrets(metadata: &Metadata) -> Vec<u8> {
    let mut kept = Metadata::new();
    for (key, value) in metadata.iter().filter(|(key, _)| !is_secret(key)) {
        // They were checked when they were first inserted.
        let _ = kept.insert(key.to_owned(), value.clone());
    }
    let mut encoded = Vec::with_capacity(kept.encoded_len());
    kept.encode(&mut encoded);
    encoded
}

fn is_secret(key: &str) -> bool {
    SECRET_STEMS.iter().any(|stem| key.contains(stem))
}

#[cfg(test)]
mod tests {
    use super::*;
    use bytes::Bytes;

    #[test]
    fn what_is_named_like_a_secret_stays_out() {
        let mut metadata = Metadata::new();
        for key in [
            "authorization",
            "x-api-key",
            "x-password",
            "set-cookie",
            "client-version",
            "session_id",
            "user-token-bin",
        ] {
            metadata.insert(key, "value").unwrap();
        }
        let kept = Metadata::decode(Bytes::from(without_secrets(&metadata))).unwrap();
        let keys: Vec<&str> = kept.iter().map(|(key, _)| key).collect();
        assert_eq!(keys, ["client-version"]);
    }
}
