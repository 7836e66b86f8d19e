//! What the attributes say and stand on.

use syn::parse::{Parse, ParseStream};
use syn::{ItemFn, LitInt, Token};

/// `worker_threads = N`, or nothing.
pub(super) struct MainOptions {
    pub(super) worker_threads: Option<LitInt>,
}

impl Parse for MainOptions {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.is_empty() {
            return Ok(MainOptions {
                worker_threads: None,
            });
        }
        let expected = "expected `worker_threads = N`";
        let name: syn::Ident = input.parse()?;
        if name != "worker_threads" {
            return Err(syn::Error::new(name.span(), expected));
        }
        input.parse::<Token![=]>()?;
        let worker_threads = Some(input.parse()?);
        input.parse::<Option<Token![,]>>()?;
        if !input.is_empty() {
            return Err(input.error(expected));
        }
        Ok(MainOptions { worker_threads })
    }
}

/// Nothing.
pub(super) struct TestOptions;

impl Parse for TestOptions {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        if input.is_empty() {
            Ok(TestOptions)
        } else {
            Err(input.error("no options here: a seed is set by SVRKIT_SEED"))
        }
    }
}

/// The function below the attribute.
pub(super) struct AsyncFn(pub(super) ItemFn);

impl Parse for AsyncFn {
    fn parse(input: ParseStream<'_>) -> syn::Result<Self> {
        input.parse().map(AsyncFn)
    }
}
