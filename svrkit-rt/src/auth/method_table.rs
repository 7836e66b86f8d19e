//! Whom each method of a server lets in, by its id: made once, when the server begins to run.

use super::allow::{AllowError, AllowList, Allowed};
use super::caller::Caller;
use crate::builtin::BUILTIN_SERVICES;
use crate::descriptor::ServiceDescriptor;
use crate::id_hasher::IdHasher;
use std::collections::HashMap;
use std::hash::BuildHasherDefault;

/// Why a caller is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Denied {
    /// It has shown no name.
    Stranger,
    /// Its name is not among those that the method lets in.
    NotAllowed,
}

#[derive(Debug)]
pub(crate) struct MethodTable(HashMap<u32, Allowed, BuildHasherDefault<IdHasher>>);

impl MethodTable {
    /// # Errors
    /// A rule that is about none of `services`.
    pub(crate) fn new(
        list: &AllowList,
        services: &[&'static ServiceDescriptor],
    ) -> Result<MethodTable, AllowError> {
        list.check(services)?;
        let methods = services.iter().flat_map(|service| {
            let otherwise = match BUILTIN_SERVICES.contains(&service.full_name) {
                true => &Allowed::Anyone,
                false => &list.otherwise,
            };
            service.methods.iter().map(move |method| {
                let rule = list.rule(service.full_name, method.name);
                (method.id, rule.unwrap_or(otherwise).clone())
            })
        });
        Ok(MethodTable(methods.collect()))
    }

    /// Whether a method lets a caller in. One that there is not lets in everybody: they are told that there is none.
    ///
    /// # Errors
    /// Why not.
    pub(crate) fn admits(&self, method_id: u32, caller: Option<&Caller>) -> Result<(), Denied> {
        let allowed = self.0.get(&method_id);
        allowed.map_or(Ok(()), |allowed| allowed.admits(caller))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::Means;
    use crate::builtin::svrkit::v1::BUILTIN;
    use crate::descriptor::MethodDescriptor;

    fn shop() -> &'static ServiceDescriptor {
        let method = |id, name, full| MethodDescriptor::plain(id, "shop.Shop", name, full);
        let methods = vec![
            method(1, "Buy", "shop.Shop/Buy"),
            method(2, "Look", "shop.Shop/Look"),
        ];
        Box::leak(Box::new(ServiceDescriptor {
            full_name: "shop.Shop",
            docs: "",
            methods: methods.leak(),
            file_descriptor_set: &[],
        }))
    }

    #[test]
    fn a_method_s_own_rule_goes_before_its_service_s() {
        let list = AllowList::default()
            .with("shop.Shop/*", Allowed::of(["ada"]).unwrap())
            .with("shop.Shop/Look", Allowed::Anyone);
        let table = MethodTable::new(&list, &[shop(), &BUILTIN]).unwrap();
        let ada = Caller::new("ada", Means::Key).unwrap();
        let bob = Caller::new("bob", Means::Key).unwrap();
        assert_eq!(table.admits(1, Some(&ada)), Ok(()));
        assert_eq!(table.admits(1, Some(&bob)), Err(Denied::NotAllowed));
        assert_eq!(table.admits(2, None), Ok(()));
        assert_eq!(table.admits(BUILTIN.methods[0].id, None), Ok(()));
        assert_eq!(table.admits(99, None), Ok(()));
    }

    #[test]
    fn rules_name_what_there_is() {
        let refused = |rule: &str| {
            let list = AllowList::default().with(rule, Allowed::Known);
            MethodTable::new(&list, &[shop()]).unwrap_err()
        };
        let rule = |rule: &str| rule.to_owned();
        assert_eq!(
            refused("shop.Shop/Steal"),
            AllowError::UnknownMethod {
                rule: rule("shop.Shop/Steal")
            }
        );
        assert_eq!(
            refused("shop.Stop/*"),
            AllowError::UnknownService {
                rule: rule("shop.Stop/*")
            }
        );
        assert_eq!(
            refused("shop.Shop"),
            AllowError::Malformed {
                rule: rule("shop.Shop")
            }
        );
        let elsewhere = AllowList::default().with("shop.Stop/*", Allowed::Known);
        assert!(elsewhere.about(&[shop()]).rules.is_empty());
    }
}
