//! `#[svrkit::service]`: plain functions among the methods of a service.

mod ast;
mod expand;
mod valid;

use proc_macro2::TokenStream;

pub(crate) fn service(options: TokenStream, item: TokenStream) -> syn::Result<TokenStream> {
    let _: ast::NoOptions = syn::parse2(options)?;
    let service: ast::ServiceImpl = syn::parse2(item)?;
    valid::service(&service)?;
    Ok(expand::service(service))
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    fn mistake(tokens: TokenStream) -> String {
        service(quote!(), tokens)
            .expect_err("a mistake")
            .to_string()
    }

    #[test]
    fn plain_functions_become_async_and_are_listed() {
        let code = quote! {
            impl Greeter for Me {
                async fn hello(&self, ctx: &mut Context, request: A) -> Result<B, Status> { todo() }
                fn r#type(&self, ctx: &mut Context, request: A) -> Result<B, Status> { todo() }
            }
        };
        let expected = quote! {
            impl Greeter for Me {
                const BLOCKING: &'static [&'static str] = &["type"];
                async fn hello(&self, ctx: &mut Context, request: A) -> Result<B, Status> { todo() }
                async fn r#type(&self, ctx: &mut Context, request: A) -> Result<B, Status> { todo() }
            }
        };
        let found = service(quote!(), code).expect("correct");
        assert_eq!(found.to_string(), expected.to_string());
    }

    #[test]
    fn mistakes_are_told() {
        assert_eq!(
            mistake(quote!(impl Me {})),
            "expected `impl Service for Type`: only the methods of a generated trait can be served"
        );
        assert_eq!(
            mistake(quote!(impl Greeter for Me { fn hello(request: A) {} })),
            "`hello` must take `&self`"
        );
        assert_eq!(
            mistake(quote!(impl Greeter for Me { async fn hello(&mut self) {} })),
            "`hello` must take `&self`"
        );
        assert_eq!(
            mistake(quote!(impl Greeter for Me { const BLOCKING: &'static [&'static str] = &[]; })),
            "`BLOCKING` is written by this macro"
        );
    }
}
