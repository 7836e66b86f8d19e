//! The trait to implement, and what serves it.

use proc_macro2::TokenStream;
use quote::quote;

use super::{docs, ident, server_name, type_of};
use crate::idents::plain;
use crate::messages::Types;
use crate::model::{Method, Service, Streaming};

pub(super) fn emit(service: &Service, types: &Types) -> TokenStream {
    let service_trait = service_trait(service, types);
    let server = server(service);
    quote! { #service_trait #server }
}

fn service_trait(service: &Service, types: &Types) -> TokenStream {
    let docs_of_service = docs(&service.docs);
    let name = ident(&service.rust_name);
    let methods = service.methods.iter().map(|method| {
        let docs = docs(&method.docs);
        let name = ident(&method.rust_name);
        let input = type_of(types.input(&method.full_name));
        let output = type_of(types.output(&method.full_name));
        let requests = match method.streaming {
            Streaming::None | Streaming::Server => quote!(request: #input),
            Streaming::Client | Streaming::Both => {
                quote!(requests: ::svrkit_rt::Receiver<#input>)
            }
        };
        let (answers, output) = match method.streaming {
            Streaming::None | Streaming::Client => (quote!(), output),
            Streaming::Server | Streaming::Both => {
                (quote!(, answers: ::svrkit_rt::Sender<#output>), quote!(()))
            }
        };
        quote! {
            #docs
            fn #name(&self, ctx: &mut ::svrkit_rt::Context, #requests #answers)
                -> impl ::core::future::Future<
                    Output = ::core::result::Result<#output, ::svrkit_rt::Status>,
                > + ::core::marker::Send;
        }
    });
    quote! {
        #docs_of_service
        pub trait #name: ::core::marker::Send + ::core::marker::Sync + 'static {
            /// Methods written as plain `fn`, which run on threads that may block; set by `#[svrkit::service]`.
            const BLOCKING: &'static [&'static str] = &[];
            #(#methods)*
        }
    }
}

fn server(service: &Service) -> TokenStream {
    let name = ident(&service.rust_name);
    let server = server_name(service);
    let descriptor = ident(&service.static_name);
    let rust_names = service
        .methods
        .iter()
        .map(|method| plain(&method.rust_name));
    let arms = (0usize..)
        .zip(&service.methods)
        .map(|(index, method)| arm(index, method));
    let server_docs = format!(" Serves a [`{name}`].");
    quote! {
        #[doc = #server_docs]
        #[derive(Debug)]
        pub struct #server<T> {
            service: ::svrkit_rt::codegen::Arc<T>,
        }
        impl<T: #name> #server<T> {
            /// Serves `service`.
            pub fn new(service: T) -> Self {
                Self::from_arc(::svrkit_rt::codegen::Arc::new(service))
            }
            /// Serves a `service` that others hold too.
            pub fn from_arc(service: ::svrkit_rt::codegen::Arc<T>) -> Self {
                Self { service }
            }
        }
        impl<T> ::core::clone::Clone for #server<T> {
            fn clone(&self) -> Self {
                Self { service: ::core::clone::Clone::clone(&self.service) }
            }
        }
        impl<T: #name> ::svrkit_rt::codegen::GeneratedService for #server<T> {
            fn descriptor(&self) -> &'static ::svrkit_rt::ServiceDescriptor {
                &#descriptor
            }
            fn is_blocking(&self, method: usize) -> bool {
                const RUST_NAMES: &[&str] = &[#(#rust_names),*];
                let name = RUST_NAMES.get(method);
                name.is_some_and(|name| ::svrkit_rt::codegen::is_blocking(T::BLOCKING, name))
            }
            fn call(
                &self,
                method: usize,
                request: ::svrkit_rt::codegen::Request,
            ) -> ::svrkit_rt::codegen::BoxFuture<
                ::core::result::Result<::svrkit_rt::codegen::Response, ::svrkit_rt::Status>,
            > {
                let service = ::core::clone::Clone::clone(&self.service);
                match method {
                    #(#arms)*
                    _ => ::svrkit_rt::codegen::unknown_method(),
                }
            }
        }
    }
}

/// The path `T::method`, not `service.method`: an `Arc` has methods of its own, such as `clone`.
fn arm(index: usize, method: &Method) -> TokenStream {
    let index = proc_macro2::Literal::usize_unsuffixed(index);
    let name = ident(&method.rust_name);
    let codegen = quote!(::svrkit_rt::codegen);
    let serve = match method.streaming {
        Streaming::None => quote! {
            let (mut ctx, message) = #codegen::decode(request)?;
            let reply = T::#name(&service, &mut ctx, message).await?;
            #codegen::encode(ctx, &reply)
        },
        Streaming::Client => quote! {
            let (mut ctx, requests) = #codegen::decode_requests(request)?;
            let reply = T::#name(&service, &mut ctx, requests).await?;
            #codegen::encode(ctx, &reply)
        },
        Streaming::Server => quote! {
            let (mut ctx, message, answers) = #codegen::decode_for_answers(request)?;
            T::#name(&service, &mut ctx, message, answers).await?;
            Ok(#codegen::end_of_answers(ctx))
        },
        Streaming::Both => quote! {
            let (mut ctx, requests, answers) = #codegen::decode_both(request)?;
            T::#name(&service, &mut ctx, requests, answers).await?;
            Ok(#codegen::end_of_answers(ctx))
        },
    };
    quote! {
        #index => ::std::boxed::Box::pin(async move { #serve }),
    }
}
