//! The functions with their runtimes.

use proc_macro2::TokenStream;
use quote::quote;

use super::ast::{AsyncFn, MainOptions};

pub(super) fn main(options: &MainOptions, function: &AsyncFn) -> TokenStream {
    let function = &function.0;
    let (attributes, visibility) = (&function.attrs, &function.vis);
    let (name, output, body) = (&function.sig.ident, &function.sig.output, &function.block);
    let worker_threads = options.worker_threads.iter();
    quote! {
        #(#attributes)*
        #visibility fn #name() #output {
            ::svrkit_rt::codegen::tokio::runtime::Builder::new_multi_thread()
                #(.worker_threads(#worker_threads))*
                .enable_all()
                .build()
                .expect("a runtime starts")
                .block_on(async #body)
        }
    }
}

pub(super) fn test(function: &AsyncFn) -> TokenStream {
    let function = &function.0;
    let (attributes, visibility) = (&function.attrs, &function.vis);
    let (name, output, body) = (&function.sig.ident, &function.sig.output, &function.block);
    let seed = match function.sig.inputs.first() {
        Some(seed) => quote!(#seed),
        None => quote!(_: ::svrkit_rt::testing::Seed),
    };
    let shown = name.to_string();
    let output_type = match output {
        syn::ReturnType::Default => quote!(()),
        syn::ReturnType::Type(_, output) => quote!(#output),
    };
    // The function inside gives `?` and `return` the type that the author wrote.
    quote! {
        #[::core::prelude::v1::test]
        #(#attributes)*
        #visibility fn #name() #output {
            async fn story(#seed) -> #output_type #body
            ::svrkit_rt::testing::run_test(#shown, story)
        }
    }
}
