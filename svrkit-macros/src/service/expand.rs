//! The same `impl`, all of it async, with a list of what was not.

use proc_macro2::TokenStream;
use quote::ToTokens;
use syn::ext::IdentExt;
use syn::{ImplItem, parse_quote};

use super::ast::ServiceImpl;

pub(super) fn service(service: ServiceImpl) -> TokenStream {
    let mut block = service.0;
    let mut blocking = Vec::new();
    for item in &mut block.items {
        if let ImplItem::Fn(function) = item
            && function.sig.asyncness.is_none()
        {
            function.sig.asyncness = Some(Default::default());
            blocking.push(function.sig.ident.unraw().to_string());
        }
    }
    let list: ImplItem = parse_quote! {
        const BLOCKING: &'static [&'static str] = &[#(#blocking),*];
    };
    block.items.insert(0, list);
    block.into_token_stream()
}
