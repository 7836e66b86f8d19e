//! Nothing reported by what used to report.

/// What is known about reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Silent {
    /// There was one within the silence that is looked for.
    pub(crate) lately: bool,
    /// There was one within the last day.
    pub(crate) ever: bool,
    /// Somebody was there to take it for so long.
    pub(crate) watched: bool,
}

/// Whether something is silent; `None` when that cannot be known: it never spoke, or nobody was there to hear it.
pub(crate) fn silence(silent: Silent) -> Option<bool> {
    match silent {
        Silent { lately: true, .. } => Some(false),
        Silent { ever: false, .. } | Silent { watched: false, .. } => None,
        Silent { .. } => Some(true),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn silence_needs_a_speaker_and_a_listener() {
        let silent = Silent {
            lately: false,
            ever: true,
            watched: true,
        };
        assert_eq!(silence(silent), Some(true));
        let heard = Silent {
            lately: true,
            ..silent
        };
        assert_eq!(silence(heard), Some(false));
        let stranger = Silent {
            ever: false,
            ..silent
        };
        assert_eq!(silence(stranger), None);
        let unheard = Silent {
            watched: false,
            ..silent
        };
        assert_eq!(silence(unheard), None);
    }
}
