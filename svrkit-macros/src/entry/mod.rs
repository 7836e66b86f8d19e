//! `#[svrkit::main]` and `#[svrkit::test]`: functions that bring their runtime.

mod ast;
mod expand;
mod valid;

use proc_macro2::TokenStream;

pub(crate) fn main(options: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let options: ast::MainOptions = syn::parse2(options)?;
    let function: ast::AsyncFn = syn::parse2(item)?;
    valid::main(&options, &function)?;
    Ok(expand::main(&options, &function))
}

pub(crate) fn test(options: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let _: ast::TestOptions = syn::parse2(options)?;
    let function: ast::AsyncFn = syn::parse2(item)?;
    valid::test(&function)?;
    Ok(expand::test(&function))
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    fn mistake(result: syn::Result<TokenStream>) -> String {
        result.expect_err("a mistake").to_string()
    }

    #[test]
    fn mistakes_are_told() {
        let plain = quote!(
            fn main() {}
        );
        assert_eq!(
            mistake(main(quote!(), plain)),
            "`main` must be an `async fn`"
        );

        let arguments = quote!(
            async fn main(x: u32) {}
        );
        assert_eq!(
            mistake(main(quote!(), arguments)),
            "`main` takes no arguments"
        );

        let fine = quote!(
            async fn main() {}
        );
        assert_eq!(
            mistake(main(quote!(threads = 2), fine.clone())),
            "expected `worker_threads = N`"
        );
        assert_eq!(
            mistake(main(quote!(worker_threads = 0), fine)),
            "at least one thread must work"
        );

        let plain = quote!(
            fn story() {}
        );
        assert_eq!(
            mistake(test(quote!(), plain)),
            "`story` must be an `async fn`"
        );

        let two = quote!(
            async fn story(a: Seed, b: Seed) {}
        );
        assert_eq!(
            mistake(test(quote!(), two)),
            "a test takes nothing, or `seed: svrkit_rt::testing::Seed`"
        );

        let generic = quote!(
            async fn story<T>() {}
        );
        assert_eq!(
            mistake(test(quote!(), generic)),
            "`story` cannot be generic"
        );

        let fine = quote!(
            async fn story() {}
        );
        assert_eq!(
            mistake(test(quote!(seed = 3), fine)),
            "no options here: a seed is set by SVRKIT_SEED"
        );
    }
}
