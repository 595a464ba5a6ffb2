//! Instances as Linux namespaces over an overlay.
