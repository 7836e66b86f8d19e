//! `svrkit/options.proto` as Rust types, and how they are read from descriptors.

use prost_reflect::{DescriptorPool, DynamicMessage, MethodDescriptor};

use crate::model::Streaming;

/// Import name of the file that declares the options.
pub(crate) const FILE_NAME: &str = "svrkit/options.proto";
/// The file itself, so that importing it needs no include path.
pub(crate) const FILE_TEXT: &str = include_str!("../proto/svrkit/options.proto");
/// Number of both extensions, `svrkit.method` and `svrkit.service`.
pub(crate) const EXTENSION: i32 = 72301;

/// Policy of one method; what the IDL leaves out is `None`.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct MethodPolicy {
    #[prost(uint32, optional, tag = "1")]
    pub(crate) cmd_id: Option<u32>,
    #[prost(uint32, optional, tag = "2")]
    pub(crate) timeout_ms: Option<u32>,
    #[prost(bool, optional, tag = "3")]
    pub(crate) idempotent: Option<bool>,
    #[prost(uint32, optional, tag = "4")]
    pub(crate) priority: Option<u32>,
    #[prost(string, optional, tag = "5")]
    pub(crate) hash_key: Option<String>,
    #[prost(uint32, optional, tag = "6")]
    pub(crate) max_request_bytes: Option<u32>,
    #[prost(uint32, optional, tag = "7")]
    pub(crate) max_response_bytes: Option<u32>,
    #[prost(message, optional, tag = "8")]
    pub(crate) cgi: Option<Cgi>,
    #[prost(string, optional, tag = "9")]
    pub(crate) usage: Option<String>,
    #[prost(bool, optional, tag = "10")]
    pub(crate) never_compressed: Option<bool>,
}

/// Defaults of a service for its methods.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct ServicePolicy {
    #[prost(uint32, optional, tag = "2")]
    pub(crate) timeout_ms: Option<u32>,
    #[prost(bool, optional, tag = "3")]
    pub(crate) idempotent: Option<bool>,
    #[prost(uint32, optional, tag = "4")]
    pub(crate) priority: Option<u32>,
    #[prost(uint32, optional, tag = "6")]
    pub(crate) max_request_bytes: Option<u32>,
    #[prost(uint32, optional, tag = "7")]
    pub(crate) max_response_bytes: Option<u32>,
    #[prost(bool, optional, tag = "10")]
    pub(crate) never_compressed: Option<bool>,
}

/// How clients outside may call a method.
#[derive(Clone, PartialEq, prost::Message)]
pub(crate) struct Cgi {
    #[prost(string, optional, tag = "1")]
    pub(crate) path: Option<String>,
    #[prost(uint32, optional, tag = "2")]
    pub(crate) cmd_id: Option<u32>,
    #[prost(enumeration = "Ticket", optional, tag = "3")]
    pub(crate) ticket: Option<i32>,
}

/// Whether a caller from outside must prove who it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, prost::Enumeration)]
pub(crate) enum Ticket {
    Required = 0,
    None = 1,
}

impl MethodPolicy {
    /// The policy of `method` as the IDL gives it, without the defaults of its service.
    pub(crate) fn of(method: &MethodDescriptor) -> MethodPolicy {
        let options = method.options();
        let mut policy: MethodPolicy = read(method.parent_pool(), &options, "svrkit.method");
        policy.idempotent = policy.idempotent.or(standard_idempotency(&options));
        policy
    }

    /// This policy, with what it leaves out taken from the service.
    pub(crate) fn or(mut self, service: &ServicePolicy) -> MethodPolicy {
        self.timeout_ms = self.timeout_ms.or(service.timeout_ms);
        self.idempotent = self.idempotent.or(service.idempotent);
        self.priority = self.priority.or(service.priority);
        self.max_request_bytes = self.max_request_bytes.or(service.max_request_bytes);
        self.max_response_bytes = self.max_response_bytes.or(service.max_response_bytes);
        self.never_compressed = self.never_compressed.or(service.never_compressed);
        self
    }
}

impl ServicePolicy {
    /// The defaults that the service of `method` gives it. Its `timeout_ms` is for an answer, and does not end streams: how long one may
    /// go on says the method itself.
    pub(crate) fn of(method: &MethodDescriptor) -> ServicePolicy {
        let service = method.parent_service();
        let options = service.options();
        let mut policy: ServicePolicy = read(service.parent_pool(), &options, "svrkit.service");
        if Streaming::of(method) != Streaming::None {
            policy.timeout_ms = None;
        }
        policy
    }
}

/// What protobuf's own option says, by which published clients decide whether they may use GET: both of its levels mean that calling
/// twice does no harm.
fn standard_idempotency(options: &DynamicMessage) -> Option<bool> {
    let level = options.get_field_by_name("idempotency_level")?;
    (level.as_enum_number()? != 0).then_some(true)
}

fn read<M: prost::Message + Default>(
    pool: &DescriptorPool,
    options: &DynamicMessage,
    extension: &str,
) -> M {
    pool.get_extension_by_name(extension)
        .filter(|extension| options.has_extension(extension))
        .and_then(|extension| {
            let value = options.get_extension(&extension);
            value.as_message()?.transcode_to::<M>().ok()
        })
        .unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use prost_reflect::{Kind, Value};

    /// Protobuf's own option is heard where ours is silent.
    #[test]
    fn the_standard_option_counts_too() {
        let folder = tempfile::tempdir().expect("a folder");
        let proto = folder.path().join("a.proto");
        let text = r#"syntax = "proto3";
            import "svrkit/options.proto";
            message M {}
            service S {
                rpc Plain(M) returns (M);
                rpc Safe(M) returns (M) { option idempotency_level = NO_SIDE_EFFECTS; }
                rpc Denied(M) returns (M) {
                    option idempotency_level = IDEMPOTENT;
                    option (svrkit.method) = { idempotent: false };
                }
            }"#;
        std::fs::write(&proto, text).expect("a file");
        let mut compiler = crate::sources::compiler(std::iter::once(
            protox::file::IncludeFileResolver::new(folder.path().to_owned()),
        ));
        compiler.open_file("a.proto").expect("a good file");
        let pool = compiler.descriptor_pool();
        let service = pool.get_service_by_name("S").expect("the service");
        let idempotent: Vec<_> = service
            .methods()
            .map(|m| MethodPolicy::of(&m).idempotent)
            .collect();
        assert_eq!(idempotent, [None, Some(true), Some(false)]);
    }

    /// A policy with every field set, made by reflection from the file itself, must read as it was written.
    #[test]
    fn the_types_agree_with_the_file() {
        let mut compiler = crate::sources::compiler(std::iter::empty::<NoFolder>());
        compiler.open_file(FILE_NAME).expect("our own file");
        let pool = compiler.descriptor_pool();
        for extension in ["svrkit.method", "svrkit.service"] {
            let extension = pool.get_extension_by_name(extension);
            assert_eq!(extension.map(|it| it.number()), Some(EXTENSION as u32));
        }

        let full = |name: &str| fill(&pool, name);
        let method: MethodPolicy = full("svrkit.MethodPolicy").transcode_to().expect("fits");
        assert_eq!(method.cmd_id, Some(1));
        assert_eq!(method.timeout_ms, Some(2));
        assert_eq!(method.idempotent, Some(true));
        assert_eq!(method.priority, Some(4));
        assert_eq!(method.hash_key.as_deref(), Some("5"));
        assert_eq!(method.max_request_bytes, Some(6));
        assert_eq!(method.max_response_bytes, Some(7));
        assert_eq!(method.usage.as_deref(), Some("9"));
        assert_eq!(method.never_compressed, Some(true));
        let cgi = method.cgi.expect("a cgi");
        assert_eq!(cgi.path(), "1");
        assert_eq!(cgi.cmd_id(), 2);
        assert_eq!(cgi.ticket(), Ticket::None);

        let service: ServicePolicy = full("svrkit.ServicePolicy").transcode_to().expect("fits");
        assert_eq!(service.timeout_ms, Some(2));
        assert_eq!(service.idempotent, Some(true));
        assert_eq!(service.priority, Some(4));
        assert_eq!(service.max_request_bytes, Some(6));
        assert_eq!(service.max_response_bytes, Some(7));
        assert_eq!(service.never_compressed, Some(true));
    }

    /// Each field set to its own number.
    fn fill(pool: &DescriptorPool, name: &str) -> DynamicMessage {
        let descriptor = pool.get_message_by_name(name).expect("declared");
        let mut message = DynamicMessage::new(descriptor.clone());
        for field in descriptor.fields() {
            let value = match field.kind() {
                Kind::Uint32 => Value::U32(field.number()),
                Kind::String => Value::String(field.number().to_string()),
                Kind::Bool => Value::Bool(true),
                Kind::Enum(_) => Value::EnumNumber(1),
                Kind::Message(inner) => Value::Message(fill(pool, inner.full_name())),
                other => panic!("{other:?} is not read"),
            };
            message.set_field(&field, value);
        }
        message
    }

    struct NoFolder;

    impl protox::file::FileResolver for NoFolder {
        fn open_file(&self, name: &str) -> Result<protox::file::File, protox::Error> {
            Err(protox::Error::file_not_found(name))
        }
    }
}
