//! The flow as SVG: one row a task from top to bottom, jumps as arcs beside them. A task list is
//! read from top to bottom anyway; arcs in lanes of their own never cross a box.

use std::fmt::Write as _;

use unicode_width::UnicodeWidthStr as _;

use crate::cli::graph::flow::{Flow, Step, Way, WayKind};
use crate::cli::output::Status as _;
use crate::engine::status::TaskStatus;

/// Pixels of a column of text at 13 px, generously.
const COLUMN: usize = 8;
const BOX_HEIGHT: usize = 46;
const ROW: usize = 78;
const MARGIN: usize = 20;
const LANE: usize = 22;
/// Letters of a label at most; the whole text is in the title that viewers show on hovering.
const LABEL: usize = 28;

/// A jump that needs a lane.
struct Arc<'a> {
    way: &'a Way,
    /// Rows between which it runs.
    rows: (usize, usize),
    lane: usize,
}

/// Returns the flow as an SVG document.
pub(in crate::cli) fn svg(flow: &Flow) -> String {
    let end_row = flow.steps.len();
    let is_straight = |way: &Way| way.to.unwrap_or(end_row) == way.from + 1;
    let is_failure = |way: &Way| matches!(way.kind, WayKind::Error | WayKind::Cancel);
    // Straight ways need no lane, unless two of them would lie on each other.
    let jumps = flow
        .ways
        .iter()
        .filter(|way| !is_straight(way) || is_failure(way));
    let (left, right): (Vec<&Way>, Vec<&Way>) = jumps.partition(|way| is_failure(way));
    let (left, right) = (in_lanes(left, end_row), in_lanes(right, end_row));
    let box_width = flow
        .steps
        .iter()
        .map(step_width)
        .max()
        .unwrap_or(120)
        .max(120);
    let side = |arcs: &[Arc<'_>]| {
        let lanes = arcs
            .iter()
            .map(|arc| arc.lane + 1)
            .max()
            .unwrap_or_default();
        if lanes == 0 {
            MARGIN
        } else {
            MARGIN + lanes * LANE + LABEL * COLUMN
        }
    };
    let x = side(&left);
    let width = x + box_width + side(&right);
    let height = 2 * MARGIN + end_row * ROW + BOX_HEIGHT;
    let mut page = head(width, height);
    for way in flow
        .ways
        .iter()
        .filter(|way| is_straight(way) && !is_failure(way))
    {
        straight(way, x + box_width / 2, &mut page);
    }
    for (arcs, edge, direction) in [(&left, x, Side::Left), (&right, x + box_width, Side::Right)] {
        for arc in arcs {
            curve(arc, edge, direction, &mut page);
        }
    }
    for (row, step) in flow.steps.iter().enumerate() {
        task(step, x, top(row), box_width, &mut page);
    }
    end(x + box_width / 2, top(end_row), &mut page);
    page.push_str("</svg>\n");
    page
}

#[derive(Clone, Copy)]
enum Side {
    Left,
    Right,
}

fn push(page: &mut String, element: &str) {
    writeln!(page, "{element}").expect("writing to a string cannot fail");
}

fn top(row: usize) -> usize {
    MARGIN + row * ROW
}

fn step_width(step: &Step) -> usize {
    (step.name.width().max(step.action.width()) + 6) * COLUMN
}

/// Gives each jump the innermost lane that is free between its rows; short ones first.
fn in_lanes(ways: Vec<&Way>, end_row: usize) -> Vec<Arc<'_>> {
    let mut arcs: Vec<Arc<'_>> = ways
        .into_iter()
        .map(|way| {
            let to = way.to.unwrap_or(end_row);
            Arc {
                way,
                rows: (way.from.min(to), way.from.max(to)),
                lane: 0,
            }
        })
        .collect();
    arcs.sort_by_key(|arc| (arc.rows.1 - arc.rows.0, arc.rows.0));
    for place in 0..arcs.len() {
        let (placed, rest) = arcs.split_at_mut(place);
        let arc = &mut rest[0];
        let is_taken = |lane: usize| {
            placed.iter().any(|other| {
                other.lane == lane && other.rows.0 <= arc.rows.1 && arc.rows.0 <= other.rows.1
            })
        };
        arc.lane = (0..=place).find(|lane| !is_taken(*lane)).unwrap_or(place);
    }
    arcs
}

fn head(width: usize, height: usize) -> String {
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" font-family="system-ui, sans-serif" font-size="13">
<style>
rect {{ fill: #ffffff; stroke: #57606a; }} .end {{ fill: #eaeef2; }}
.Success {{ stroke: #1a7f37; stroke-width: 2; }} .Failed {{ stroke: #cf222e; stroke-width: 2; }}
.Running {{ stroke: #0969da; stroke-width: 2; }} .Waiting, .Unknown {{ stroke: #9a6700; stroke-width: 2; }}
.Skipped, .Pending {{ stroke: #afb8c1; stroke-dasharray: 4 3; }}
.name {{ font-weight: 600; fill: #1f2328; }} .action, .label {{ fill: #57606a; font-size: 11px; }}
path {{ fill: none; stroke: #57606a; }} .error {{ stroke: #cf222e; stroke-dasharray: 5 3; }}
</style>
<defs><marker id="arrow" viewBox="0 0 8 8" refX="8" refY="4" markerWidth="8" markerHeight="8" orient="auto"><path d="M0 0 L8 4 L0 8 z" style="fill:#57606a;stroke:none"/></marker></defs>
"#
    )
}

fn straight(way: &Way, x: usize, page: &mut String) {
    let (from, to) = (top(way.from) + BOX_HEIGHT, top(way.from + 1));
    push(
        page,
        &format!(r#"<path d="M{x} {from} V{to}" marker-end="url(#arrow)"/>"#),
    );
    let words = way.kind.label();
    if !words.is_empty() {
        label(words, x + 6, usize::midpoint(from, to) + 4, "start", page);
    }
}

fn curve(arc: &Arc<'_>, edge: usize, side: Side, page: &mut String) {
    let is_down = arc.way.to.is_none_or(|to| to > arc.way.from);
    let (first, last) = (top(arc.rows.0), top(arc.rows.1));
    // Leaving below the middle and arriving above it keeps both ends of a box apart.
    let (from, to) = if is_down {
        (first + 30, last + 14)
    } else {
        (last + 30, first + 14)
    };
    let reach = (arc.lane + 1) * LANE;
    let (x, turn, anchor) = match side {
        Side::Left => (edge - reach, edge - reach + 8, "end"),
        Side::Right => (edge + reach, edge + reach - 8, "start"),
    };
    let bend = if is_down {
        (from + 8, to - 8)
    } else {
        (from - 8, to + 8)
    };
    let class = if matches!(side, Side::Left) {
        r#" class="error""#
    } else {
        ""
    };
    push(
        page,
        &format!(
            r#"<path{class} d="M{edge} {from} H{turn} Q{x} {from} {x} {} V{} Q{x} {to} {turn} {to} H{edge}" marker-end="url(#arrow)"/>"#,
            bend.0, bend.1
        ),
    );
    let place = match side {
        Side::Left => x.saturating_sub(4),
        Side::Right => x + 4,
    };
    label(
        arc.way.kind.label(),
        place,
        from + if is_down { 18 } else { 0 },
        anchor,
        page,
    );
}

fn label(text: &str, x: usize, y: usize, anchor: &str, page: &mut String) {
    let mut short: String = text.chars().take(LABEL).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    push(
        page,
        &format!(
            r#"<text class="label" x="{x}" y="{y}" text-anchor="{anchor}"><title>{}</title>{}</text>"#,
            escaped(text),
            escaped(&short)
        ),
    );
}

fn end(middle: usize, y: usize, page: &mut String) {
    push(
        page,
        &format!(
            r#"<rect class="end" x="{}" y="{y}" width="80" height="30" rx="15"/>"#,
            middle - 40
        ),
    );
    push(
        page,
        &format!(
            r#"<text class="name" x="{middle}" y="{}" text-anchor="middle">end</text>"#,
            y + 20
        ),
    );
}

fn task(step: &Step, x: usize, y: usize, width: usize, page: &mut String) {
    let class = step.status.map_or("", TaskStatus::as_str);
    push(
        page,
        &format!(
            r#"<rect class="{class}" x="{x}" y="{y}" width="{width}" height="{BOX_HEIGHT}" rx="6"/>"#
        ),
    );
    let sign = step
        .status
        .map(|status| format!("{} ", status.sign()))
        .unwrap_or_default();
    let loops = if step.is_loop { " ⟳" } else { "" };
    let condition = if step.is_conditional { " ?" } else { "" };
    let middle = x + width / 2;
    push(
        page,
        &format!(
            r#"<text class="name" x="{middle}" y="{}" text-anchor="middle">{sign}{}{loops}{condition}</text>"#,
            y + 19,
            escaped(&step.name)
        ),
    );
    push(
        page,
        &format!(
            r#"<text class="action" x="{middle}" y="{}" text-anchor="middle">{}</text>"#,
            y + 36,
            escaped(&step.action)
        ),
    );
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
        .replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn jumps_over_the_same_rows_get_lanes_of_their_own() {
        let way = |from: usize, to: usize| Way {
            from,
            to: Some(to),
            kind: WayKind::Success,
        };
        let ways = [way(0, 4), way(1, 3), way(3, 1), way(5, 7)];
        let arcs = in_lanes(ways.iter().collect(), 9);
        let lane = |wanted: &Way| arcs.iter().find(|arc| arc.way == wanted).unwrap().lane;
        assert_eq!(lane(&ways[1]), 0);
        assert_ne!(lane(&ways[1]), lane(&ways[2]));
        assert!(lane(&ways[0]) > 1);
        assert_eq!(lane(&ways[3]), 0);
    }
}
