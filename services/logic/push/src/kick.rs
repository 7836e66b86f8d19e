//! Whose link a kick ends.

use im_idl::push::KickRequest;
use im_idl::session::Link;
use svrkit_rt::Status;

/// Bytes of a kick's reason: a name in capitals.
const REASON_BYTES_MAX: usize = 64;

/// What a kick is about.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// One link of a node, wherever the user's others are.
    Link { node: String, link: u64 },
    /// Links that a lookup finds.
    Links(Links),
}

/// Links of a user that were open when the kick was noted.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Links {
    pub(crate) uin: u64,
    device: Which,
    noted_ms: u64,
}

#[derive(Debug, PartialEq, Eq)]
enum Which {
    This(String),
    AllBut(String),
}

impl Target {
    /// What `request`, noted at this time, is about.
    ///
    /// # Errors
    /// `InvalidArgument` when it names nobody, or its reason is too long.
    pub(crate) fn of(request: KickRequest, noted_ms: u64) -> Result<Target, Status> {
        if request.reason.len() > REASON_BYTES_MAX {
            let message = format!("reason is over {REASON_BYTES_MAX} bytes");
            return Err(Status::invalid_argument(message));
        }
        let KickRequest {
            node, link, uin, ..
        } = request;
        if !node.is_empty() {
            return Ok(Target::Link { node, link });
        }
        if uin == 0 {
            return Err(Status::invalid_argument("neither uin nor node is set"));
        }
        let device = match request.device.is_empty() {
            true => Which::AllBut(request.except_device),
            false => Which::This(request.device),
        };
        Ok(Target::Links(Links {
            uin,
            device,
            noted_ms,
        }))
    }
}

impl Links {
    /// Whether it ends `link`. One opened later is not meant: the user has logged in again, while the kick was still looking.
    pub(crate) fn hits(&self, link: &Link) -> bool {
        let device = match &self.device {
            Which::This(device) => link.device == *device,
            Which::AllBut(device) => link.device != *device,
        };
        link.uin == self.uin && device && link.opened_ms <= self.noted_ms
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOTED_MS: u64 = 1_000;

    fn hits(device: &str, except_device: &str, link: (u64, &str, u64)) -> bool {
        let kick = KickRequest {
            uin: 7,
            device: device.to_owned(),
            except_device: except_device.to_owned(),
            ..KickRequest::default()
        };
        let (uin, device, opened_ms) = link;
        let link = Link {
            uin,
            device: device.to_owned(),
            opened_ms,
            ..Link::default()
        };
        match Target::of(kick, NOTED_MS) {
            Ok(Target::Links(links)) => links.hits(&link),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn one_device_or_all_or_all_but_one() {
        assert!(hits("phone", "", (7, "phone", 1)));
        assert!(!hits("phone", "", (7, "desk", 1)));
        assert!(hits("", "", (7, "phone", 1)));
        assert!(hits("", "desk", (7, "phone", 1)));
        assert!(!hits("", "desk", (7, "desk", 1)));
        assert!(!hits("", "", (8, "phone", 1)));
    }

    #[test]
    fn who_has_come_back_since_stays() {
        assert!(hits("phone", "", (7, "phone", NOTED_MS)));
        assert!(!hits("phone", "", (7, "phone", NOTED_MS + 1)));
    }

    #[test]
    fn a_kick_names_somebody() {
        let link = KickRequest {
            node: "a".to_owned(),
            link: 5,
            uin: 7,
            ..KickRequest::default()
        };
        let node = "a".to_owned();
        assert_eq!(Target::of(link, 0), Ok(Target::Link { node, link: 5 }));
        Target::of(KickRequest::default(), 0).unwrap_err();
        let reason = "x".repeat(REASON_BYTES_MAX + 1);
        let wordy = KickRequest {
            reason,
            uin: 7,
            ..KickRequest::default()
        };
        Target::of(wordy, 0).unwrap_err();
    }
}
