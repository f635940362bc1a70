# shellcheck shell=bash
# Sourced by the scripts: where the project is, how to say something, which Rust there is.

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
export root

# rustup is never made to download anything.
export RUSTUP_AUTO_INSTALL=0

readonly target=x86_64-pc-windows-msvc
export target

say() {
    printf '%s\n' "$*" >&2
}

fail() {
    printf '%s: %s\n' "$(basename "$0")" "$*" >&2
    exit 1
}

# Whether the rustc that cargo would use brings a core library for the driver's target.
rust_has_target() {
    local sysroot
    sysroot=$(cd "$root" && rustc --print sysroot 2>/dev/null) && [[ -d $sysroot/lib/rustlib/$target/lib ]]
}

# cargo for what runs on this machine, in a target folder of the project unless another is asked for.
native_cargo() {
    local folder=(--target-dir target)
    [[ " $* " != *' --target-dir '* ]] || folder=()
    (cd "$root" && cargo "$1" "${folder[@]}" "${@:2}")
}
