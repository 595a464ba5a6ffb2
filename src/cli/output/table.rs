//! Tables without borders: they read well on a terminal and cut well in a pipe.

use comfy_table::{Attribute, Cell, Color, ContentArrangement, presets};

use crate::cli::output::stream::Output;
use crate::cli::output::style::Role;

/// Rows under a heading.
#[derive(Debug)]
pub(in crate::cli) struct Table {
    table: comfy_table::Table,
    columns: usize,
}

impl Table {
    /// Makes a table with these headings, as wide as `output` allows.
    pub(in crate::cli) fn new(output: &Output, headings: &[&str]) -> Self {
        let mut table = comfy_table::Table::new();
        table.load_style(presets::NOTHING);
        match output
            .data_width()
            .and_then(|width| u16::try_from(width).ok())
        {
            Some(width) => table
                .set_content_arrangement(ContentArrangement::Dynamic)
                .set_width(width),
            // A line in a pipe belongs to one row, however long it is.
            None => table.set_content_arrangement(ContentArrangement::Disabled),
        };
        if output.has_color() {
            table.enforce_styling();
        } else {
            table.force_no_tty();
        }
        let heading = |text: &&str| Cell::new(text).add_attribute(Attribute::Bold);
        table.set_header(headings.iter().map(heading).collect::<Vec<_>>());
        for column in table.column_iter_mut() {
            column.set_padding((0, 2));
        }
        Self {
            table,
            columns: headings.len(),
        }
    }

    /// Adds a row.
    pub(in crate::cli) fn row(&mut self, cells: Vec<TableCell>) {
        debug_assert_eq!(
            cells.len(),
            self.columns,
            "a row has as many cells as the heading"
        );
        self.table
            .add_row(cells.into_iter().map(|cell| cell.0).collect::<Vec<_>>());
    }

    /// Prints the table.
    pub(in crate::cli) fn print(&self, output: &mut Output) -> std::io::Result<()> {
        for line in self.table.lines() {
            output.line(line.trim_end())?;
        }
        Ok(())
    }
}

/// A cell of a row.
#[derive(Clone, Debug)]
pub(in crate::cli) struct TableCell(Cell);

impl TableCell {
    /// Makes a cell with the color of a role.
    pub(in crate::cli) fn of(role: Role, text: impl Into<String>) -> Self {
        let cell = Cell::new(one_line(&text.into()));
        Self(match role {
            Role::Good => cell.fg(Color::DarkGreen),
            Role::Bad | Role::Error => cell.fg(Color::DarkRed),
            Role::Busy | Role::Hint => cell.fg(Color::DarkCyan),
            Role::Attention => cell.fg(Color::DarkYellow),
            Role::Strong => cell.add_attribute(Attribute::Bold),
            Role::Faint => cell.add_attribute(Attribute::Dim),
        })
    }
}

impl<T: ToString> From<T> for TableCell {
    fn from(text: T) -> Self {
        Self(Cell::new(one_line(&text.to_string())))
    }
}

/// Returns the text with everything that would break a row made visible.
fn one_line(text: &str) -> String {
    text.chars()
        .map(|letter| if letter.is_control() { ' ' } else { letter })
        .collect()
}
