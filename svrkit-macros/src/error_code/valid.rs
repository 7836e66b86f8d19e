//! What cannot travel. All mistakes of an enum at once.

use std::collections::HashSet;

use syn::{Error, Fields, Ident, LitStr, Result};

use super::ast::Enum;

/// An enum that can travel.
pub(super) struct Errors<'a> {
    pub(super) name: &'a Ident,
    pub(super) domain: &'a LitStr,
    pub(super) variants: Vec<Variant<'a>>,
}

pub(super) struct Variant<'a> {
    pub(super) name: &'a Ident,
    pub(super) code: &'a Ident,
    pub(super) message: &'a LitStr,
    /// The name in capitals, as it goes on the wire.
    pub(super) reason: String,
}

/// The codes of gRPC but `Ok`, and `Overloaded`.
const CODES: [&str; 17] = [
    "Cancelled",
    "Unknown",
    "InvalidArgument",
    "DeadlineExceeded",
    "NotFound",
    "AlreadyExists",
    "PermissionDenied",
    "ResourceExhausted",
    "FailedPrecondition",
    "Aborted",
    "OutOfRange",
    "Unimplemented",
    "Internal",
    "Unavailable",
    "DataLoss",
    "Unauthenticated",
    "Overloaded",
];

pub(super) fn check<'a>(item: &'a Enum<'a>) -> Result<Errors<'a>> {
    let mut mistakes: Vec<Error> = Vec::new();
    let name = &item.input.ident;
    if !item.input.generics.params.is_empty() {
        mistakes.push(Error::new(
            name.span(),
            format!("`{name}` cannot be generic"),
        ));
    }
    let domain = item.attributes.domain.as_ref();
    if domain.is_none_or(|domain| domain.value().is_empty()) {
        let message =
            format!("`{name}` needs a domain: `#[error_code(domain = \"package.name\")]`");
        mistakes.push(Error::new(name.span(), message));
    }

    let mut reasons = HashSet::new();
    let mut variants = Vec::new();
    for (variant, attributes) in &item.variants {
        let name = &variant.ident;
        if !matches!(variant.fields, Fields::Unit) {
            let message = format!("`{name}` carries values, which would be lost on the wire");
            mistakes.push(Error::new(name.span(), message));
        }
        let (Some(code), Some(message)) = (&attributes.code, &attributes.message) else {
            let message = format!(
                "`{name}` needs a code and a message: `#[error_code(code = NotFound, message = \"...\")]`"
            );
            mistakes.push(Error::new(name.span(), message));
            continue;
        };
        if !CODES.iter().any(|known| code == known) {
            let message = format!(
                "`{code}` is no code that an error can have: {}",
                CODES.join(", ")
            );
            mistakes.push(Error::new(code.span(), message));
        }
        let reason = capitals(&name.to_string());
        if !reasons.insert(reason.clone()) {
            let message = format!("the reason `{reason}` belongs to another variant already");
            mistakes.push(Error::new(name.span(), message));
        }
        variants.push(Variant {
            name,
            code,
            message,
            reason,
        });
    }

    let all = mistakes.into_iter().reduce(|mut all, mistake| {
        all.combine(mistake);
        all
    });
    match (all, domain) {
        (None, Some(domain)) => Ok(Errors {
            name,
            domain,
            variants,
        }),
        (Some(mistakes), _) => Err(mistakes),
        (None, None) => Err(Error::new(name.span(), "no domain")),
    }
}

/// `NoSuchAccount` → `NO_SUCH_ACCOUNT`, `HTTPError` → `HTTP_ERROR`.
fn capitals(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    let mut capitals = String::new();
    for (index, letter) in letters.iter().enumerate() {
        let after_small = index > 0 && !letters[index - 1].is_uppercase();
        let before_small = letters
            .get(index + 1)
            .is_some_and(|next| next.is_lowercase());
        if letter.is_uppercase() && index > 0 && (after_small || before_small) {
            capitals.push('_');
        }
        capitals.extend(letter.to_uppercase());
    }
    capitals
}

#[cfg(test)]
mod tests {
    use super::capitals;

    #[test]
    fn names_in_capitals() {
        assert_eq!(capitals("NoSuchAccount"), "NO_SUCH_ACCOUNT");
        assert_eq!(capitals("HTTPError"), "HTTP_ERROR");
        assert_eq!(capitals("Gone"), "GONE");
        assert_eq!(capitals("Level2Full"), "LEVEL2_FULL");
    }
}
