//! An answer as it came, for its call to unpack.

use crate::compression::Packing;
use crate::service::Response;
use crate::status::Status;

/// A successful answer whose body may be compressed still.
#[derive(Debug)]
pub(super) struct Answered {
    pub(super) response: Response,
    pub(super) packing: Option<Packing>,
}

impl Answered {
    /// The answer as it was.
    ///
    /// # Errors
    /// As [`Packing::unpack`].
    #[inline]
    pub(super) fn unpack(mut self) -> Result<Response, Status> {
        if let Some(packing) = self.packing {
            unpack(packing, &mut self.response)?;
        }
        Ok(self.response)
    }
}

/// Apart, because few answers need it.
#[inline(never)]
fn unpack(packing: Packing, response: &mut Response) -> Result<(), Status> {
    response.body = packing.unpack(&response.body)?;
    Ok(())
}
