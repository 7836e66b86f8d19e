//! `#[derive(ErrorCode)]`: an enum of errors ↔ `Status`.

mod ast;
mod expand;
mod valid;

use proc_macro2::TokenStream;

pub(crate) fn derive(item: TokenStream) -> syn::Result<TokenStream> {
    let input: syn::DeriveInput = syn::parse2(item)?;
    let item = ast::Enum::new(&input)?;
    let errors = valid::check(&item)?;
    Ok(expand::expand(&errors))
}

#[cfg(test)]
mod tests {
    use super::*;
    use quote::quote;

    fn mistakes(tokens: TokenStream) -> Vec<String> {
        let errors = derive(tokens).expect_err("a mistake");
        errors.into_iter().map(|error| error.to_string()).collect()
    }

    #[test]
    fn mistakes_are_told() {
        assert_eq!(
            mistakes(quote!(
                struct A;
            )),
            ["only an enum can be an ErrorCode"]
        );
        assert_eq!(
            mistakes(quote!(
                enum A {
                    #[error_code(code = NotFound, message = "x")]
                    B,
                }
            )),
            ["`A` needs a domain: `#[error_code(domain = \"package.name\")]`"]
        );
        assert_eq!(
            mistakes(quote! {
                #[error_code(domain = "a")]
                enum A { B, #[error_code(code = NotFound, message = "x")] C(u32) }
            }),
            [
                "`B` needs a code and a message: `#[error_code(code = NotFound, message = \"...\")]`",
                "`C` carries values, which would be lost on the wire",
            ]
        );
        assert_eq!(
            mistakes(quote! {
                #[error_code(domain = "a")]
                enum A { #[error_code(code = Missing, message = "x")] B }
            }),
            [
                "`Missing` is no code that an error can have: Cancelled, Unknown, InvalidArgument, DeadlineExceeded, NotFound, \
              AlreadyExists, PermissionDenied, ResourceExhausted, FailedPrecondition, Aborted, OutOfRange, Unimplemented, \
              Internal, Unavailable, DataLoss, Unauthenticated, Overloaded"
            ]
        );
        assert_eq!(
            mistakes(quote! {
                #[error_code(domain = "a", colour = "red")]
                enum A { #[error_code(code = NotFound, message = "x")] B }
            }),
            ["expected `domain`, `code` or `message`"]
        );
        assert_eq!(
            mistakes(quote! {
                #[error_code(domain = "a")]
                enum A {
                    #[error_code(code = NotFound, message = "x")] HttpError,
                    #[error_code(code = NotFound, message = "x")] HTTPError,
                }
            }),
            ["the reason `HTTP_ERROR` belongs to another variant already"]
        );
    }
}
