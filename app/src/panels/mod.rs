//! The panels: each reads the session and returns commands.

pub mod accept;
pub mod compare;
pub mod evolve;
pub mod guide;
pub mod help;
pub mod icons;
pub mod neural;
pub mod overlays;
pub mod parts;
pub mod plots;
pub mod propose;
pub mod question;
pub mod roi;
pub mod seeds;
pub mod solver_plots;
pub mod speed;
pub mod status;
pub mod timeline;
pub mod toolbar;
