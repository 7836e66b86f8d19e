//! The enum as its author wrote it.

use syn::{Attribute, Data, DeriveInput, Error, Ident, LitStr, Result, Variant};

pub(super) struct Enum<'a> {
    pub(super) input: &'a DeriveInput,
    pub(super) attributes: Attributes,
    pub(super) variants: Vec<(&'a Variant, Attributes)>,
}

/// What `#[error_code(..)]` says; on the enum a domain, on a variant a code and a message.
#[derive(Default)]
pub(super) struct Attributes {
    pub(super) domain: Option<LitStr>,
    pub(super) code: Option<Ident>,
    pub(super) message: Option<LitStr>,
}

impl<'a> Enum<'a> {
    pub(super) fn new(input: &'a DeriveInput) -> Result<Enum<'a>> {
        let Data::Enum(data) = &input.data else {
            let message = "only an enum can be an ErrorCode";
            return Err(Error::new(input.ident.span(), message));
        };
        let mut variants = Vec::new();
        for variant in &data.variants {
            variants.push((variant, Attributes::new(&variant.attrs)?));
        }
        Ok(Enum {
            input,
            attributes: Attributes::new(&input.attrs)?,
            variants,
        })
    }
}

impl Attributes {
    fn new(attributes: &[Attribute]) -> Result<Attributes> {
        let mut found = Attributes::default();
        for attribute in attributes
            .iter()
            .filter(|it| it.path().is_ident("error_code"))
        {
            attribute.parse_nested_meta(|meta| {
                if meta.path.is_ident("domain") {
                    found.domain = Some(meta.value()?.parse()?);
                } else if meta.path.is_ident("code") {
                    found.code = Some(meta.value()?.parse()?);
                } else if meta.path.is_ident("message") {
                    found.message = Some(meta.value()?.parse()?);
                } else {
                    return Err(meta.error("expected `domain`, `code` or `message`"));
                }
                Ok(())
            })?;
        }
        Ok(found)
    }
}
