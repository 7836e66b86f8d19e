//! `svrkit::idl!`: the generator, called by the compiler.

use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use syn::parse::{Parse, ParseStream};
use syn::punctuated::Punctuated;
use syn::{LitStr, Token};

/// `"a.proto", "b.proto"; include = "x", include = "y"`.
struct Input {
    protos: Punctuated<LitStr, Token![,]>,
    includes: Vec<LitStr>,
}

impl Parse for Input {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let mut protos = Punctuated::new();
        while !input.is_empty() && !input.peek(Token![;]) {
            protos.push_value(input.parse()?);
            if input.is_empty() || input.peek(Token![;]) {
                break;
            }
            protos.push_punct(input.parse()?);
        }
        if protos.is_empty() {
            return Err(input.error("expected the path of a .proto file"));
        }
        let mut includes = Vec::new();
        if input.parse::<Option<Token![;]>>()?.is_some() {
            for include in Punctuated::<Include, Token![,]>::parse_terminated(input)? {
                includes.push(include.0);
            }
        }
        Ok(Input { protos, includes })
    }
}

struct Include(LitStr);

impl Parse for Include {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        let name: syn::Ident = input.parse()?;
        if name != "include" {
            return Err(syn::Error::new(
                name.span(),
                "expected `include = \"folder\"`",
            ));
        }
        input.parse::<Token![=]>()?;
        Ok(Include(input.parse()?))
    }
}

pub(crate) fn expand(tokens: TokenStream) -> syn::Result<TokenStream> {
    let here = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default();
    expand_in(Path::new(&here), tokens)
}

/// Expands with paths relative to `dir`.
fn expand_in(dir: &Path, tokens: TokenStream) -> syn::Result<TokenStream> {
    let input: Input = syn::parse2(tokens)?;
    let mut config = svrkit_codegen::configure();
    for include in &input.includes {
        config = config.include(dir.join(include.value()));
    }
    let protos: Vec<PathBuf> = input.protos.iter().map(|it| dir.join(it.value())).collect();
    config.expand(&protos).map_err(|error| {
        // The file is named in the message; the span can only be the macro's.
        let span = input.protos.first().map(LitStr::span);
        syn::Error::new(
            span.unwrap_or_else(proc_macro2::Span::call_site),
            format!("{error:?}"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    fn mistake(tokens: TokenStream) -> String {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR"));
        let error = expand_in(dir, tokens).expect_err("a mistake");
        error
            .to_string()
            .replace(&format!("{}/", dir.display()), "")
    }

    #[test]
    fn a_proto_becomes_modules() {
        let dir = Path::new(env!("CARGO_MANIFEST_DIR"));
        let code = expand_in(dir, quote!("tests/proto/hello.proto"));
        let code = code.expect("a correct proto").to_string();
        assert!(code.contains("pub mod hello"));
        assert!(code.contains("include_bytes"), "rebuilds when it changes");
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        assert_eq!(
            mistake(quote!()),
            "unexpected end of input, expected the path of a .proto file"
        );
        assert_eq!(
            mistake(quote!("tests/proto/hello.proto"; folder = "x")),
            "expected `include = \"folder\"`"
        );
        assert_eq!(
            mistake(quote!("tests/proto/broken.proto")),
            "the IDL has mistakes\ntests/proto/broken.proto:9:5: timeout_ms is 0, so that no call could be answered in time"
        );
    }
}
