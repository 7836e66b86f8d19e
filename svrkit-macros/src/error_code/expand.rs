//! Both ways between the enum and `Status`.

use proc_macro2::TokenStream;
use quote::quote;

use super::valid::Errors;

pub(super) fn expand(errors: &Errors<'_>) -> TokenStream {
    let (name, domain) = (errors.name, errors.domain);
    let variants: Vec<_> = errors.variants.iter().map(|it| it.name).collect();
    let codes = errors.variants.iter().map(|it| it.code);
    let messages: Vec<_> = errors.variants.iter().map(|it| it.message).collect();
    let reasons: Vec<_> = errors.variants.iter().map(|it| &it.reason).collect();
    quote! {
        impl ::core::convert::From<#name> for ::svrkit_rt::Status {
            fn from(error: #name) -> Self {
                let (code, message, reason) = match error {
                    #(#name::#variants => (::svrkit_rt::Code::#codes, #messages, #reasons),)*
                };
                ::svrkit_rt::Status::new(code, message).with_reason(#domain, reason)
            }
        }
        impl<'a> ::core::convert::TryFrom<&'a ::svrkit_rt::Status> for #name {
            type Error = &'a ::svrkit_rt::Status;
            fn try_from(status: &'a ::svrkit_rt::Status) -> ::core::result::Result<Self, Self::Error> {
                match (status.domain(), status.reason()) {
                    #((#domain, #reasons) => ::core::result::Result::Ok(#name::#variants),)*
                    _ => ::core::result::Result::Err(status),
                }
            }
        }
        impl ::core::fmt::Display for #name {
            fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
                f.write_str(match self {
                    #(#name::#variants => #messages,)*
                })
            }
        }
        impl ::core::error::Error for #name {}
    }
}
