//! What proves that somebody may look, or change something.

use std::fmt;
use std::hint::black_box;

/// Bytes below which a token can be guessed.
const TOKEN_BYTES_MIN: usize = 16;

/// The secret that operators show. Never shown by us: not in logs, not on pages, not by `Debug`.
#[derive(Clone)]
pub struct Token(String);

/// Why a text is no token.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TokenError {
    /// It has this many bytes, fewer than 16.
    TooShort(usize),
    /// It has characters that no header carries as they are: only those of visible ASCII.
    NotVisible,
}

impl Token {
    /// A token of at least 16 visible ASCII characters.
    ///
    /// # Errors
    /// When it is shorter, or has others.
    pub fn new(token: impl Into<String>) -> Result<Token, TokenError> {
        let token = token.into();
        if token.len() < TOKEN_BYTES_MIN {
            return Err(TokenError::TooShort(token.len()));
        }
        if !token.bytes().all(|b| b.is_ascii_graphic()) {
            return Err(TokenError::NotVisible);
        }
        Ok(Token(token))
    }

    /// Whether `shown` is it. Takes as long for a nearly right one as for a wrong one of the same length.
    pub fn is(&self, shown: &str) -> bool {
        let (own, shown) = (self.0.as_bytes(), shown.as_bytes());
        let pairs = own.iter().zip(shown);
        let difference = pairs.fold(0, |sum, (a, b)| black_box(sum | (a ^ b)));
        own.len() == shown.len() && black_box(difference) == 0
    }

    /// As a client sends it.
    pub(super) fn bearer(&self) -> String {
        format!("Bearer {}", self.0)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token")
    }
}

impl fmt::Display for TokenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            TokenError::TooShort(bytes) => {
                write!(
                    f,
                    "a token has at least {TOKEN_BYTES_MIN} characters, not {bytes}"
                )
            }
            TokenError::NotVisible => f.write_str("a token is of visible ASCII characters"),
        }
    }
}

impl std::error::Error for TokenError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_is_the_token() {
        let token = Token::new("0123456789abcdef").unwrap();
        assert!(token.is("0123456789abcdef"));
        for other in [
            "",
            "0123456789abcde",
            "0123456789abcdef0",
            "0123456789abcdeF",
        ] {
            assert!(!token.is(other), "{other}");
        }
        assert_eq!(format!("{token:?}"), "Token");
    }

    #[test]
    fn what_can_be_guessed_is_no_token() {
        assert_eq!(Token::new("short").unwrap_err(), TokenError::TooShort(5));
        let spaced = Token::new("0123456789 abcdef").unwrap_err();
        assert_eq!(spaced, TokenError::NotVisible);
    }
}
