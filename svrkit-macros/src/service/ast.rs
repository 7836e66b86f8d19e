//! What the attribute stands on.

use syn::ItemImpl;
use syn::parse::{Parse, ParseStream};

/// Nothing.
pub(super) struct NoOptions;

impl Parse for NoOptions {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.is_empty() {
            Ok(NoOptions)
        } else {
            Err(input.error("no options here: policy stands in the IDL"))
        }
    }
}

/// The `impl` below the attribute.
pub(super) struct ServiceImpl(pub(super) ItemImpl);

impl Parse for ServiceImpl {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.parse().map(ServiceImpl)
    }
}
