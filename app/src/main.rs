//! The `zeroset` program. Everything is in the library of the same name.

fn main() -> std::process::ExitCode {
    zeroset::cli::main()
}
