//! Layers around layers, for the builders of servers and channels.

use crate::service::{Layer, Service};

/// No layers.
#[derive(Clone, Copy, Debug)]
pub struct Plain;

/// A layer around other layers.
#[derive(Clone, Copy, Debug)]
pub struct Around<L, Inner> {
    pub(crate) outer: L,
    pub(crate) inner: Inner,
}

impl<S: Service> Layer<S> for Plain {
    type Service = S;

    fn layer(self, inner: S) -> S {
        inner
    }
}

impl<S: Service, L, Inner> Layer<S> for Around<L, Inner>
where
    Inner: Layer<S>,
    L: Layer<Inner::Service>,
{
    type Service = L::Service;

    fn layer(self, inner: S) -> L::Service {
        self.outer.layer(self.inner.layer(inner))
    }
}
