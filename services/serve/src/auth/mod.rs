//! How services show each other who they are, and who may call whom: section `[auth]`.

mod authentication;
mod certificate_files;
mod settings;

pub use authentication::Authentication;
pub use settings::AuthSettings;
