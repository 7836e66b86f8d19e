//! A value that another one may take the place of while it is in use.

use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

/// Whoever holds the value goes on with the one he got; who asks later gets the next. A lock, since it is asked once a connection.
pub(crate) struct Current<T>(RwLock<Arc<T>>);

impl<T> Current<T> {
    pub(crate) fn new(value: T) -> Current<T> {
        Current(RwLock::new(Arc::new(value)))
    }

    pub(crate) fn get(&self) -> Arc<T> {
        self.0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .clone()
    }

    pub(crate) fn set(&self, value: Arc<T>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = value;
    }
}

impl<T: Default> Default for Current<T> {
    fn default() -> Current<T> {
        Current::new(T::default())
    }
}

/// Nothing of the value: it may be a secret.
impl<T> fmt::Debug for Current<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Current")
    }
}
