//! Who calls, and who may: values and rules, without IO.
//!
//! - [`Caller`]: who a connection has shown itself to be, and how ([`Means`]). A handler finds it at [`crate::Context::caller`].
//! - [`AllowList`]: which callers a method lets in ([`Allowed`]).
//! - [`Auth`]: both for a server, [`crate::Server::auth`].
//! - [`Keys`], [`CallerKey`] (feature `auth`): keys that callers share with servers. `proof` has what the two tell each other.
//!
//! A shared key says who opened a connection, to both sides, and keeps strangers out. It does not hide or seal what follows: between machines
//! whose network is not trusted it belongs inside of TLS, or certificates take its place (feature `tls`: [`crate::MutualTls`]).

mod allow;
mod caller;
#[cfg(feature = "auth")]
mod keys;
mod method_table;
#[cfg(feature = "auth")]
pub(crate) mod proof;
#[cfg(any(feature = "auth", feature = "tls"))]
pub(crate) mod secret_file;

pub use allow::{AllowError, AllowList, Allowed};
pub use caller::{CALLER_BYTES_MAX, Caller, Means};
#[cfg(feature = "auth")]
pub use keys::{CallerKey, KEY_BYTES_MAX, KEY_BYTES_MIN, Keys, KeysError};
pub(crate) use method_table::{Denied, MethodTable};
#[cfg(any(feature = "auth", feature = "tls"))]
pub use secret_file::FileError;

/// What a server asks of those who call it.
///
/// A server that is given one does not believe strangers either: what their requests say of priority and tag is replaced by what the IDL
/// says, a user level of their address, and no tag.
#[derive(Clone, Debug, Default)]
pub struct Auth {
    /// Who may call what. Default: whoever has shown a name may call everything, strangers only the built-in services.
    pub allow: AllowList,
    /// The keys by which callers are known. Default none: then only certificates and this process's memory show names.
    #[cfg(feature = "auth")]
    pub keys: Keys,
}
