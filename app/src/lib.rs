//! The application: the command line now, and the window that it opens.

pub mod app;
pub mod brush;
pub mod cli;
pub mod comparing;
pub mod desk;
pub mod dialogs;
pub mod evolver;
pub mod film;
pub mod keys;
pub mod launch;
pub mod line;
pub mod neural;
pub mod overlays;
pub mod paint;
pub mod panels;
pub mod proposing;
pub mod recent;
pub mod reference;
pub mod session;
pub mod starting;
pub mod theme;
pub mod views;
pub mod work;
pub mod worker;

pub use launch::run_window;
