//! All services, and what clients may call of them.

use crate::{
    account, account_store, contact, contact_store, fanout, group, group_store, message,
    message_store, monitor, overview, push, queue, session, sync,
};
use svrkit_rt::{MethodDescriptor, ServiceDescriptor};

/// Every service of the backend.
pub static SERVICES: [&ServiceDescriptor; 16] = [
    &account::ACCOUNT,
    &account_store::ACCOUNT_STORE,
    &contact::CONTACT,
    &contact_store::CONTACT_STORE,
    &fanout::FANOUT,
    &group::GROUP,
    &group_store::GROUP_STORE,
    &message::MESSAGE,
    &message_store::MESSAGE_STORE,
    &monitor::AGENT,
    &monitor::CENTRE,
    &overview::OVERVIEW,
    &push::PUSH,
    &queue::QUEUE,
    &session::SESSION,
    &sync::SYNC,
];

/// Services with methods for clients.
pub static CLIENT_SERVICES: [&ServiceDescriptor; 5] = [
    &account::ACCOUNT,
    &contact::CONTACT,
    &group::GROUP,
    &message::MESSAGE,
    &sync::SYNC,
];

/// Their methods that clients may call: those with option `cgi`.
pub fn client_methods() -> impl Iterator<Item = &'static MethodDescriptor> {
    let methods = CLIENT_SERVICES.iter().flat_map(|service| service.methods);
    methods.filter(|method| method.cgi.is_some())
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost::Message;
    use std::collections::HashSet;
    use svrkit_rt::codegen::prost_types::{DescriptorProto, FileDescriptorSet};

    #[test]
    fn no_service_is_forgotten() {
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/src/gen");
        let mut declared = 0;
        for file in std::fs::read_dir(folder).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|extension| extension == "rs") {
                let code = std::fs::read_to_string(path).unwrap();
                declared += code.matches(": ::svrkit_rt::ServiceDescriptor =").count();
            }
        }
        let names: HashSet<&str> = SERVICES.iter().map(|s| s.full_name).collect();
        assert_eq!((names.len(), declared), (SERVICES.len(), SERVICES.len()));
    }

    /// The access layer refuses without knowing the answer's type; so every answer must have that field.
    #[test]
    fn every_answer_to_a_client_has_its_error_in_field_15() {
        for service in CLIENT_SERVICES {
            let files = FileDescriptorSet::decode(service.file_descriptor_set).unwrap();
            for method in service.methods.iter().filter(|m| m.cgi.is_some()) {
                let answer = message(&files, method.output);
                let error = answer.field.iter().find(|f| f.number() == 15);
                let error = error.unwrap_or_else(|| panic!("{} has no field 15", method.output));
                assert_eq!(error.type_name(), ".im.base.Error", "{}", method.output);
            }
        }
    }

    #[test]
    fn paths_and_command_ids_are_unique_and_leave_the_link_its_own() {
        let own = [0, 2, 6, 243, 10001, 10002];
        let mut seen = HashSet::new();
        for method in client_methods() {
            let cgi = method.cgi.unwrap();
            assert!(cgi.path.starts_with("/im/"), "{}", cgi.path);
            assert!(!own.contains(&cgi.cmd_id), "{}", method.full_name);
            assert!(seen.insert(cgi.path.to_owned()), "{}", cgi.path);
            assert!(seen.insert(cgi.cmd_id.to_string()), "{}", cgi.cmd_id);
        }
    }

    fn message<'a>(files: &'a FileDescriptorSet, full_name: &str) -> &'a DescriptorProto {
        let (package, name) = full_name.rsplit_once('.').unwrap();
        let files = files.file.iter().filter(|file| file.package() == package);
        let mut messages = files.flat_map(|file| &file.message_type);
        let found = messages.find(|message| message.name() == name);
        found.unwrap_or_else(|| panic!("{full_name} is not in its own files"))
    }
}
