//! Handles: what `monitor!` declares, and the ids behind them.

use super::catalogue::REFUSED_SLOT;
use super::cells;
use super::dynamic;
use super::kind::{Kind, NameError, assert_metric};
use super::registry::{Declaration, Registry};
use std::sync::atomic::AtomicU32;
use std::sync::atomic::Ordering::Relaxed;

/// No slot yet.
const UNPLACED: u32 = u32::MAX;

/// A series by its number: what [`add`], [`set`], [`max`] and [`observe`] take. Good for the life of the process; cheap to keep.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Id {
    kind: Kind,
    slot: u32,
}

impl Id {
    pub(super) fn new(kind: Kind, slot: u32) -> Id {
        Id { kind, slot }
    }

    /// What it counts.
    pub fn kind(self) -> Kind {
        self.kind
    }
}

/// Adds to a counter or a gauge; a gauge may be lowered by adding a negative number as `u64` (modulo 2^64). Others stay as they are.
#[inline]
pub fn add(id: impl Into<Id>, n: u64) {
    let id = id.into();
    if matches!(id.kind, Kind::Counter | Kind::Gauge) {
        cells::add(id.slot, n);
    }
}

/// Sets a gauge. Others stay as they are.
#[inline]
pub fn set(id: impl Into<Id>, level: i64) {
    let id = id.into();
    if id.kind == Kind::Gauge {
        Registry::active().set(id.slot, level as u64);
    }
}

/// Raises a largest value to at least `value`. Others stay as they are.
#[inline]
pub fn max(id: impl Into<Id>, value: u64) {
    let id = id.into();
    if id.kind == Kind::Max {
        cells::max(id.slot, value);
    }
}

/// Adds a value to a histogram, usually microseconds. Others stay as they are.
#[inline]
pub fn observe(id: impl Into<Id>, value: u64) {
    let id = id.into();
    if id.kind == Kind::Histogram {
        cells::observe(id.slot, value);
    }
}

/// The slot of a series, once somebody counted there.
#[derive(Debug)]
pub(super) struct Place(AtomicU32);

impl Place {
    pub(super) const fn new() -> Place {
        Place(AtomicU32::new(UNPLACED))
    }

    /// The slot; `place` finds it the first time. Two threads that are first both find the same.
    #[inline]
    pub(super) fn slot(&self, place: impl FnOnce() -> u32) -> u32 {
        match self.0.load(Relaxed) {
            UNPLACED => self.fill(place),
            slot => slot,
        }
    }

    #[cold]
    fn fill(&self, place: impl FnOnce() -> u32) -> u32 {
        let slot = place();
        self.0.store(slot, Relaxed);
        slot
    }
}

/// A declared metric, with the place of its series without labels.
#[derive(Debug)]
pub(super) struct Declared {
    kind: Kind,
    name: &'static str,
    unit: &'static str,
    help: &'static str,
    plain: Place,
}

impl Declared {
    const fn new(
        kind: Kind,
        name: &'static str,
        unit: &'static str,
        help: &'static str,
    ) -> Declared {
        assert_metric(name, unit);
        Declared {
            kind,
            name,
            unit,
            help,
            plain: Place::new(),
        }
    }

    fn declaration(&self) -> Declaration<'static> {
        Declaration {
            kind: self.kind,
            name: self.name,
            unit: self.unit,
            help: self.help,
        }
    }

    #[inline]
    fn slot(&self) -> u32 {
        self.plain.slot(|| self.place(&[]))
    }

    /// The slot of a series, from the registry.
    pub(super) fn place(&self, labels: &[(&str, &str)]) -> u32 {
        match Registry::active().place(self.declaration(), labels) {
            Ok(place) => place.slot,
            Err(e) => self.refuse(&e),
        }
    }

    /// Who counts is not to be troubled with it.
    fn refuse(&self, e: &NameError) -> u32 {
        tracing::error!(error = %e, metric = self.name, "series cannot be had; what it counts is lost");
        REFUSED_SLOT
    }

    fn id(&self) -> Id {
        Id::new(self.kind, self.slot())
    }

    fn labelled(&self, labels: &[(&str, &str)]) -> Id {
        dynamic::find(self.declaration(), labels)
            .unwrap_or_else(|e| Id::new(self.kind, self.refuse(&e)))
    }
}

macro_rules! handle {
    ($(#[doc = $docs:literal])* $Handle:ident) => {
        $(#[doc = $docs])*
        ///
        /// Declared with [`crate::monitor!`].
        #[derive(Debug)]
        pub struct $Handle(pub(super) Declared);

        impl $Handle {
            /// What [`crate::monitor!`] writes. `unit` is empty, or what `name` ends in.
            ///
            /// # Panics
            /// When name and unit are not as OpenMetrics wants them, which ends the compilation of a static.
            pub const fn declare(
                name: &'static str,
                unit: &'static str,
                help: &'static str,
            ) -> $Handle {
                $Handle(Declared::new(Kind::$Handle, name, unit, help))
            }

            /// The name it was declared with.
            pub fn name(&self) -> &'static str {
                self.0.name
            }

            /// The id of the series without labels.
            pub fn id(&self) -> Id {
                self.0.id()
            }

            /// The id of the series with these labels, found within 100 ns if this thread has asked for it before. Values must be
            /// few: beyond the bounds of the registry all further ones count as one series, with the label `overflow`.
            pub fn labelled(&self, labels: &[(&str, &str)]) -> Id {
                self.0.labelled(labels)
            }
        }

        impl From<&$Handle> for Id {
            #[inline]
            fn from(handle: &$Handle) -> Id {
                handle.id()
            }
        }
    };
}

handle! {
    /// Counts what happened. Goes on where it was when the process is started again.
    Counter
}
handle! {
    /// A level: how many there are now.
    Gauge
}
handle! {
    /// The largest of the values of the last ten to twenty seconds.
    Max
}
handle! {
    /// How often values of which size come: usually microseconds.
    Histogram
}

impl Counter {
    /// Counts `n` more.
    #[inline]
    pub fn add(&self, n: u64) {
        cells::add(self.0.slot(), n);
    }
}

impl Gauge {
    /// Raises the level, or lowers it.
    #[inline]
    pub fn add(&self, n: i64) {
        cells::add(self.0.slot(), n as u64);
    }

    /// Sets the level.
    #[inline]
    pub fn set(&self, level: i64) {
        Registry::active().set(self.0.slot(), level as u64);
    }
}

impl Max {
    /// Raises it to at least `value`.
    #[inline]
    pub fn max(&self, value: u64) {
        cells::max(self.0.slot(), value);
    }
}

impl Histogram {
    /// Adds a value.
    #[inline]
    pub fn observe(&self, value: u64) {
        cells::observe(self.0.slot(), value);
    }

    /// Adds the microseconds of a duration.
    #[inline]
    pub fn observe_duration(&self, duration: std::time::Duration) {
        self.observe(duration.as_micros() as u64);
    }
}

/// Declares metrics, each a static whose comment is its help text.
///
/// ```
/// svrkit_rt::monitor! {
///     /// Orders taken.
///     pub static ORDERS: Counter = "shop_orders";
///     /// Baskets that somebody is filling.
///     static BASKETS: Gauge = "shop_open_baskets";
///     /// Time to take an order.
///     static ORDER_TIME: Histogram = "shop_order_microseconds" in "microseconds";
/// }
///
/// ORDERS.add(1);
/// BASKETS.set(3);
/// ORDER_TIME.observe(250);
/// svrkit_rt::monitor::add(ORDERS.labelled(&[("country", "de")]), 1);
/// ```
///
/// A name is snake case and, where there is a unit (`in "…"`), ends in it; it has no `_total`, which is added where OpenMetrics wants it.
/// What is not so does not compile.
#[macro_export]
macro_rules! monitor {
    ($($(#[doc = $help:literal])+ $vis:vis static $NAME:ident: $Handle:ident = $name:literal $(in $unit:literal)?;)+) => {
        $(
            $(#[doc = $help])+
            $vis static $NAME: $crate::monitor::$Handle = $crate::monitor::$Handle::declare(
                $name,
                ::core::concat!($($unit)?),
                ::core::concat!($($help),+).trim_ascii(),
            );
        )+
    };
}
