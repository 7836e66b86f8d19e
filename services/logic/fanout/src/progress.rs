//! How far a run is, as its first task remembers it.

use bytes::Bytes;
use prost::Message;

/// All rows up to `through_seq` have reached the members up to `after`.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub(crate) struct Progress {
    #[prost(uint64, tag = "1")]
    pub(crate) through_seq: u64,
    #[prost(uint64, tag = "2")]
    pub(crate) after: u64,
}

/// Rows that go to the members after one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Leg {
    pub(crate) seqs: Vec<u64>,
    pub(crate) after: u64,
}

impl Progress {
    /// What a task brings along. What cannot be read is none: then it begins at the beginning, which does no harm.
    pub(crate) fn read(bytes: Bytes) -> Progress {
        Progress::decode(bytes).unwrap_or_default()
    }

    /// As a task takes it along.
    pub(crate) fn write(self) -> Bytes {
        self.encode_to_vec().into()
    }

    /// The rest of the way of rows in rising order: first those that were under way, from where they were; then the others, from the
    /// first member.
    pub(crate) fn legs(self, seqs: Vec<u64>) -> Vec<Leg> {
        let place = match self.after {
            0 => 0,
            _ => seqs.partition_point(|seq| *seq <= self.through_seq),
        };
        let (under_way, fresh) = seqs.split_at(place);
        let legs = [(under_way, self.after), (fresh, 0)];
        let legs = legs.into_iter().filter(|(seqs, _)| !seqs.is_empty());
        let leg = |(seqs, after): (&[u64], u64)| Leg {
            seqs: seqs.to_vec(),
            after,
        };
        legs.map(leg).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn leg(seqs: &[u64], after: u64) -> Leg {
        let seqs = seqs.to_vec();
        Leg { seqs, after }
    }

    #[test]
    fn what_was_under_way_goes_on_before_what_came_later() {
        let progress = Progress {
            through_seq: 6,
            after: 40,
        };
        let progress = Progress::read(progress.write());
        let legs = progress.legs(vec![5, 6, 7]);
        assert_eq!(legs, [leg(&[5, 6], 40), leg(&[7], 0)]);
        assert_eq!(progress.legs(vec![5]), [leg(&[5], 40)]);
        assert_eq!(progress.legs(vec![8]), [leg(&[8], 0)]);
    }

    #[test]
    fn without_progress_all_go_together() {
        for bytes in [&b""[..], b"\xff\xffnonsense"] {
            let progress = Progress::read(Bytes::from_static(bytes));
            assert_eq!(progress.legs(vec![5, 6]), [leg(&[5, 6], 0)]);
        }
    }
}
