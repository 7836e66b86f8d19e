//! Rows with numbers that are used again.

#[derive(Debug)]
pub(super) struct Table<T> {
    rows: Vec<Option<T>>,
    free: Vec<usize>,
}

impl<T> Default for Table<T> {
    fn default() -> Table<T> {
        Table {
            rows: Vec::new(),
            free: Vec::new(),
        }
    }
}

impl<T> Table<T> {
    pub(super) fn insert(&mut self, row: T) -> usize {
        match self.free.pop() {
            Some(number) => {
                self.rows[number] = Some(row);
                number
            }
            None => {
                self.rows.push(Some(row));
                self.rows.len() - 1
            }
        }
    }

    /// # Panics
    /// When there is no such row: the simulation is wrong.
    pub(super) fn get(&mut self, number: usize) -> &mut T {
        self.rows[number].as_mut().expect("row is in the table")
    }

    /// # Panics
    /// As [`Table::get`].
    pub(super) fn remove(&mut self, number: usize) -> T {
        self.free.push(number);
        self.rows[number].take().expect("row is in the table")
    }
}
