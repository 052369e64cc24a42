//! Proposals: what anatomy says of a contour, which networks are at hand, and the way from a scan to a label on the
//! command line, in the session and in the window.

mod analysis;
mod catalogue;
mod cli;
mod near;
mod session;
mod support;
mod window;
