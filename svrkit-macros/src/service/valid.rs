//! What cannot be served. All mistakes of a block at once.

use syn::spanned::Spanned;
use syn::{Error, FnArg, ImplItem, Result, Signature};

use super::ast::ServiceImpl;

pub(super) fn service(service: &ServiceImpl) -> Result<()> {
    let block = &service.0;
    if block.trait_.is_none() {
        return Err(Error::new(
            block.self_ty.span(),
            "expected `impl Service for Type`: only the methods of a generated trait can be served",
        ));
    }
    let mistakes = block.items.iter().filter_map(|item| match item {
        ImplItem::Fn(function) if !takes_ref_self(&function.sig) => Some(Error::new(
            function.sig.ident.span(),
            format!("`{}` must take `&self`", function.sig.ident),
        )),
        ImplItem::Const(constant) if constant.ident == "BLOCKING" => Some(Error::new(
            constant.ident.span(),
            "`BLOCKING` is written by this macro",
        )),
        _ => None,
    });
    let all = mistakes.reduce(|mut all, mistake| {
        all.combine(mistake);
        all
    });
    all.map_or(Ok(()), Err)
}

fn takes_ref_self(signature: &Signature) -> bool {
    matches!(
        signature.inputs.first(),
        Some(FnArg::Receiver(receiver))
            if receiver.reference.is_some() && receiver.mutability.is_none()
    )
}
