//! How large and how deep a text may be, and how its scalars are read.

/// Most bytes of a text. Sixteen times what the service takes, so that generated templates fit.
pub const SIZE_LIMIT: usize = 1024 * 1024;

/// Most bytes that the service takes; more is a warning.
pub const SERVICE_SIZE: usize = 64 * 1024;

/// Deepest nesting of lists and maps. Templates need about fifteen levels; every later walk over
/// the tree may recurse, because a hundred frames fit on the smallest stack.
pub const DEPTH_LIMIT: usize = 100;

/// Most values in a tree, those that aliases repeat included.
pub const NODE_LIMIT: usize = 200_000;

/// Most bytes of text that anchors and aliases may repeat.
pub const EXPANSION_LIMIT: usize = 4 * 1024 * 1024;

/// Most lines of quoted texts whose indentation is repaired; each costs another pass.
pub const REPAIR_LIMIT: usize = 64;

/// What scalars and tags mean.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Dialect {
    /// As in templates.
    Template,
    /// As Ansible reads them: numbers of YAML 1.1 (`0755`, `1_000`, `12:30`), and its own tags for
    /// texts that are no templates (`!unsafe`) and for what is encrypted (`!vault`).
    Ansible,
}

/// How a text is read.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Rules {
    /// Most bytes.
    pub size: usize,
    /// Most values, those that aliases repeat included.
    pub nodes: usize,
    /// Most bytes of text that anchors and aliases may repeat.
    pub expansion: usize,
    /// What scalars mean.
    pub dialect: Dialect,
}

impl Rules {
    /// The rules for templates.
    pub const TEMPLATE: Self = Self {
        size: SIZE_LIMIT,
        nodes: NODE_LIMIT,
        expansion: EXPANSION_LIMIT,
        dialect: Dialect::Template,
    };
}
