//! A cell: connections x calls in flight on each x payload bytes, a variation, and where the processes run.

use crate::Fault;
use std::fmt;
use std::str::FromStr;

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Cell {
    pub(crate) connections: usize,
    /// Calls in flight on each connection.
    pub(crate) in_flight: usize,
    pub(crate) payload_bytes: usize,
    pub(crate) kind: Kind,
    pub(crate) pin: Pin,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Kind {
    /// Every slot calls again as soon as it has its answer.
    Closed,
    /// As `Closed`, and this share of the calls sleeps on the server.
    Slow { percent: f64 },
    /// Calls start on a schedule, at this share of what the closed cell reached.
    Open { percent: f64 },
    /// `in_flight` plain threads share one blocking client.
    Threads,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Pin {
    /// Both processes on one core.
    Same,
    /// A core for each.
    Split,
    /// As the scheduler likes.
    None,
}

impl Cell {
    /// The closed loop of the same shape, to which a variation is compared.
    pub(crate) fn plain(self) -> Cell {
        Cell {
            kind: Kind::Closed,
            ..self
        }
    }

    /// The name without the pinning.
    pub(crate) fn shape(&self) -> String {
        let Cell {
            connections,
            in_flight,
            payload_bytes,
            ..
        } = self;
        match self.kind {
            Kind::Closed => format!("{connections}x{in_flight}x{payload_bytes}"),
            Kind::Slow { percent } => {
                format!("{connections}x{in_flight}x{payload_bytes}+slow{percent}%")
            }
            Kind::Open { percent } => {
                format!("{connections}x{in_flight}x{payload_bytes}+open{percent}%")
            }
            Kind::Threads => format!("{in_flight}threadsx{payload_bytes}"),
        }
    }
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}@{}", self.shape(), self.pin)
    }
}

impl FromStr for Cell {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        parse(text).ok_or_else(|| format!("no cell: {text} (one is 8x128x32@same, connections x in flight x bytes @ same|split|none)").into())
    }
}

fn parse(text: &str) -> Option<Cell> {
    let (shape, pin) = text.split_once('@').unwrap_or((text, "same"));
    let pin = pin.parse().ok()?;
    if let Some((threads, bytes)) = shape.split_once("threadsx") {
        return bounded(Cell {
            connections: 1,
            in_flight: threads.parse().ok()?,
            payload_bytes: bytes.parse().ok()?,
            kind: Kind::Threads,
            pin,
        });
    }
    let (numbers, kind) = match shape.split_once('+') {
        None => (shape, Kind::Closed),
        Some((numbers, kind)) => (numbers, variation(kind)?),
    };
    let mut numbers = numbers
        .split('x')
        .map(|number| number.parse::<usize>().ok());
    let cell = Cell {
        connections: numbers.next()??,
        in_flight: numbers.next()??,
        payload_bytes: numbers.next()??,
        kind,
        pin,
    };
    numbers.next().is_none().then_some(cell).and_then(bounded)
}

fn variation(text: &str) -> Option<Kind> {
    let percent = |text: &str| {
        text.strip_suffix('%')?
            .parse::<f64>()
            .ok()
            .filter(|p| *p > 0.0 && *p <= 100.0)
    };
    match text.strip_prefix("slow") {
        Some(share) => Some(Kind::Slow {
            percent: percent(share)?,
        }),
        None => Some(Kind::Open {
            percent: percent(text.strip_prefix("open")?)?,
        }),
    }
}

/// A payload has at least the byte that tells the handler what to do.
fn bounded(cell: Cell) -> Option<Cell> {
    (cell.connections > 0 && cell.in_flight > 0 && cell.payload_bytes > 0).then_some(cell)
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Pin::Same => "same",
            Pin::Split => "split",
            Pin::None => "none",
        })
    }
}

impl FromStr for Pin {
    type Err = Fault;

    fn from_str(text: &str) -> Result<Self, Fault> {
        match text {
            "same" => Ok(Pin::Same),
            "split" => Ok(Pin::Split),
            "none" => Ok(Pin::None),
            _ => Err(format!("no pinning: {text} (same, split or none)").into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cell_reads_back_as_it_is_written() {
        for text in [
            "8x128x32@same",
            "1x1x32@none",
            "8x128x32+slow1%@same",
            "8x128x32+open50%@split",
            "64threadsx32@same",
        ] {
            assert_eq!(text.parse::<Cell>().unwrap().to_string(), text);
        }
        assert_eq!("1x1x32".parse::<Cell>().unwrap().pin, Pin::Same);
    }

    #[test]
    fn what_is_no_cell_is_refused() {
        for text in [
            "",
            "8x128",
            "8x128x32x4",
            "0x1x32",
            "1x1x0",
            "8x128x32@cpu",
            "8x128x32+slow0%",
            "8x128x32+fast1%",
        ] {
            assert!(text.parse::<Cell>().is_err(), "{text}");
        }
    }
}
