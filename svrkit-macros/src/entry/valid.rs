//! What cannot be run.

use syn::spanned::Spanned;
use syn::{Error, Result};

use super::ast::{AsyncFn, MainOptions};

pub(super) fn main(options: &MainOptions, function: &AsyncFn) -> Result<()> {
    runnable(function)?;
    let signature = &function.0.sig;
    if !signature.inputs.is_empty() {
        let message = format!("`{}` takes no arguments", signature.ident);
        return Err(Error::new(signature.inputs.span(), message));
    }
    if let Some(threads) = &options.worker_threads
        && threads.base10_parse::<usize>()? == 0
    {
        return Err(Error::new(threads.span(), "at least one thread must work"));
    }
    Ok(())
}

pub(super) fn test(function: &AsyncFn) -> Result<()> {
    runnable(function)?;
    let inputs = &function.0.sig.inputs;
    let takes_self = inputs
        .iter()
        .any(|it| matches!(it, syn::FnArg::Receiver(_)));
    if inputs.len() > 1 || takes_self {
        let message = "a test takes nothing, or `seed: svrkit_rt::testing::Seed`";
        return Err(Error::new(inputs.span(), message));
    }
    Ok(())
}

fn runnable(function: &AsyncFn) -> Result<()> {
    let signature = &function.0.sig;
    let name = &signature.ident;
    if signature.asyncness.is_none() {
        let message = format!("`{name}` must be an `async fn`");
        return Err(Error::new(signature.fn_token.span(), message));
    }
    if !signature.generics.params.is_empty() {
        let message = format!("`{name}` cannot be generic");
        return Err(Error::new(signature.generics.span(), message));
    }
    Ok(())
}
