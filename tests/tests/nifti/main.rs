//! NIfTI in and out: what nibabel says about the fixtures, damaged files, written files, real files.

mod conformance;
mod damaged;
mod other_readers;
mod real;
mod support;
mod written;
